/**
 * What a request says about how it is sent, beside what is sent: one record, which reaches every policy and the wire.
 */
import type { Auth } from "../policy/auth/Auth.js"
import type { Informational } from "../response/Informational.js"
import type { CallOptions } from "./RequestOptions.js"
import { notGiven, orElse, type Timeouts, timeoutsOf } from "./Timeouts.js"

export interface Settings {
  readonly timeouts: Timeouts
  /** `undefined` is the client's, `null` is none. */
  readonly auth: Auth<unknown> | null | undefined
  /** The request target as sent, instead of the URL's path and query. */
  readonly target: string | undefined
  readonly onInformational: ((informational: Informational) => void) | undefined
  /** What of it is not clear, and keeps the request from being sent. */
  readonly unclear: string | undefined
}

export const noSettings: Settings = {
  timeouts: notGiven,
  auth: undefined,
  target: undefined,
  onInformational: undefined,
  unclear: undefined
}

/** How a call wants to be sent, or a client its calls. */
export const settingsOf = (
  options: Pick<CallOptions, "auth" | "onInformational" | "target" | "timeout"> | undefined,
  defaults: Settings = noSettings
): Settings => {
  if (options === undefined) return defaults
  const { auth, onInformational, target, timeout } = options
  if (auth === undefined && onInformational === undefined && target === undefined && timeout === undefined) {
    return defaults
  }
  const timeouts = timeoutsOf(timeout)
  if (typeof timeouts === "string") {
    return { ...defaults, unclear: `${timeouts} is not a duration: write e.g. "5 seconds"` }
  }
  const { unclear } = defaults
  return { timeouts: orElse(timeouts, defaults.timeouts), auth, target, onInformational, unclear }
}

/** The same with a client's timeouts, where the request gives none. */
export const withDefaults = (settings: Settings, defaults: Settings): Settings => {
  if (settings === noSettings) return defaults
  const timeouts = orElse(settings.timeouts, defaults.timeouts)
  return { ...settings, timeouts, unclear: settings.unclear ?? defaults.unclear }
}
