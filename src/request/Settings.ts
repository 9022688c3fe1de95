/**
 * What a request says about how it is sent, beside what is sent: one record, which reaches every policy and the wire.
 */
import type { Auth } from "../policy/auth/Auth.js"
import type { FollowRedirects } from "../policy/RedirectsOptions.js"
import { type Compression, compressionOf } from "./compression.js"
import type { Informational } from "../response/Informational.js"
import { optionFlaw } from "./optionFlaw.js"
import { type ReadingGiven, readingGiven, readingNotGiven, readingOrElse } from "./ReadingOptions.js"
import type { CallOptions } from "./RequestOptions.js"
import { notGiven, orElse, type Timeouts, timeoutsOf } from "./Timeouts.js"

export interface Settings {
  readonly timeouts: Timeouts
  /** `undefined` is the client's, `null` is none. */
  readonly auth: Auth<unknown> | null | undefined
  /** `undefined` is as the client does. */
  readonly followRedirects: FollowRedirects | undefined
  /** How the body of the answer is read. */
  readonly reading: ReadingGiven
  /** The request target as sent, instead of the URL's path and query. */
  readonly target: string | undefined
  readonly onInformational: ((informational: Informational) => void) | undefined
  /** Whether the client's cookies are left out. */
  readonly withoutJar: boolean
  /** How the body is compressed; `null` is not at all, whatever the client says. */
  readonly compression: Compression | null | undefined
  /** What of it is not clear, and keeps the request from being sent. */
  readonly unclear: string | undefined
}

export const noSettings: Settings = {
  timeouts: notGiven,
  auth: undefined,
  followRedirects: undefined,
  reading: readingNotGiven,
  target: undefined,
  onInformational: undefined,
  withoutJar: false,
  compression: undefined,
  unclear: undefined
}

/** How a call wants to be sent, or a client its calls. */
export const settingsOf = (options: CallOptions | undefined, defaults: Settings = noSettings): Settings => {
  if (options === undefined) return defaults
  const { auth, compress, cookies, followRedirects, onInformational, target, timeout } = options
  const reading = readingGiven(options)
  const withoutJar = cookies === null || cookies === false
  const isSilent = followRedirects === undefined && onInformational === undefined && target === undefined
  if (
    isSilent &&
    timeout === undefined &&
    auth === undefined &&
    compress === undefined &&
    reading === readingNotGiven &&
    !withoutJar
  )
    return defaults
  if (typeof reading === "string") return { ...defaults, unclear: reading }
  const flaw = optionFlaw(options)
  if (flaw !== undefined) return { ...defaults, unclear: flaw }
  const timeouts = timeoutsOf(timeout)
  if (typeof timeouts === "string") {
    return { ...defaults, unclear: `${timeouts} is not a duration: write e.g. "5 seconds"` }
  }
  const given = compressionOf(compress)
  if (typeof given === "string") return { ...defaults, unclear: given }
  return {
    timeouts: orElse(timeouts, defaults.timeouts),
    reading: readingOrElse(reading, defaults.reading),
    auth,
    followRedirects,
    target,
    onInformational,
    withoutJar,
    compression: given === undefined ? defaults.compression : given,
    unclear: defaults.unclear
  }
}

/** The same with a client's settings, where the request gives none. */
export const withDefaults = (settings: Settings, defaults: Settings): Settings => {
  if (settings === noSettings) return defaults
  const timeouts = orElse(settings.timeouts, defaults.timeouts)
  const reading = readingOrElse(settings.reading, defaults.reading)
  const compression = settings.compression === undefined ? defaults.compression : settings.compression
  return { ...settings, timeouts, reading, compression, unclear: settings.unclear ?? defaults.unclear }
}
