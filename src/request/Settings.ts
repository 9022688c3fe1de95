/**
 * What a request says about how it is sent, beside what is sent: one record, which reaches every policy and the wire.
 */
import { type Compression, compressionOf } from "./compression.js"
import type { Informational } from "../response/Informational.js"
import type { CallOptions } from "./RequestOptions.js"
import { notGiven, orElse, type Timeouts, timeoutsOf } from "./Timeouts.js"

export interface Settings {
  readonly timeouts: Timeouts
  /** The request target as sent, instead of the URL's path and query. */
  readonly target: string | undefined
  readonly onInformational: ((informational: Informational) => void) | undefined
  /** How the body is compressed; `null` is not at all, whatever the client says. */
  readonly compression: Compression | null | undefined
  /** What of it is not clear, and keeps the request from being sent. */
  readonly unclear: string | undefined
}

export const noSettings: Settings = {
  timeouts: notGiven,
  target: undefined,
  onInformational: undefined,
  compression: undefined,
  unclear: undefined
}

/** How a call wants to be sent, or a client its calls. */
export const settingsOf = (
  options: Pick<CallOptions, "compress" | "onInformational" | "target" | "timeout"> | undefined,
  defaults: Settings = noSettings
): Settings => {
  if (options === undefined) return defaults
  const { compress, onInformational, target, timeout } = options
  if (compress === undefined && onInformational === undefined && target === undefined && timeout === undefined) {
    return defaults
  }
  const timeouts = timeoutsOf(timeout)
  if (typeof timeouts === "string") {
    return { ...defaults, unclear: `${timeouts} is not a duration: write e.g. "5 seconds"` }
  }
  const given = compressionOf(compress)
  if (typeof given === "string") return { ...defaults, unclear: given }
  const compression = given === undefined ? defaults.compression : given
  const { unclear } = defaults
  return { timeouts: orElse(timeouts, defaults.timeouts), target, onInformational, compression, unclear }
}

/** The same with a client's timeouts, where the request gives none. */
export const withDefaults = (settings: Settings, defaults: Settings): Settings => {
  if (settings === noSettings) return defaults
  const timeouts = orElse(settings.timeouts, defaults.timeouts)
  const compression = settings.compression === undefined ? defaults.compression : settings.compression
  return { ...settings, timeouts, compression, unclear: settings.unclear ?? defaults.unclear }
}
