/**
 * What a request says about how it is sent, beside what is sent: one record, which reaches every policy and the wire.
 */
import type { Informational } from "../response/Informational.js"
import { type ReadingGiven, readingGiven, readingNotGiven, readingOrElse } from "./ReadingOptions.js"
import type { CallOptions } from "./RequestOptions.js"
import { notGiven, orElse, type Timeouts, timeoutsOf } from "./Timeouts.js"

export interface Settings {
  readonly timeouts: Timeouts
  /** How the body of the answer is read. */
  readonly reading: ReadingGiven
  /** The request target as sent, instead of the URL's path and query. */
  readonly target: string | undefined
  readonly onInformational: ((informational: Informational) => void) | undefined
  /** What of it is not clear, and keeps the request from being sent. */
  readonly unclear: string | undefined
}

export const noSettings: Settings = {
  timeouts: notGiven,
  reading: readingNotGiven,
  target: undefined,
  onInformational: undefined,
  unclear: undefined
}

type SettingsInput = Pick<CallOptions, "defaultEncoding" | "maxBodySize" | "onInformational" | "target" | "timeout">

/** How a call wants to be sent, or a client its calls. */
export const settingsOf = (options: SettingsInput | undefined, defaults: Settings = noSettings): Settings => {
  if (options === undefined) return defaults
  const { onInformational, target, timeout } = options
  const reading = readingGiven(options)
  if (reading === readingNotGiven && onInformational === undefined && target === undefined && timeout === undefined) {
    return defaults
  }
  if (typeof reading === "string") return { ...defaults, unclear: reading }
  const timeouts = timeoutsOf(timeout)
  if (typeof timeouts === "string") {
    return { ...defaults, unclear: `${timeouts} is not a duration: write e.g. "5 seconds"` }
  }
  return {
    timeouts: orElse(timeouts, defaults.timeouts),
    reading: readingOrElse(reading, defaults.reading),
    target,
    onInformational,
    unclear: defaults.unclear
  }
}

/** The same with a client's settings, where the request gives none. */
export const withDefaults = (settings: Settings, defaults: Settings): Settings => {
  if (settings === noSettings) return defaults
  const timeouts = orElse(settings.timeouts, defaults.timeouts)
  const reading = readingOrElse(settings.reading, defaults.reading)
  return { ...settings, timeouts, reading, unclear: settings.unclear ?? defaults.unclear }
}
