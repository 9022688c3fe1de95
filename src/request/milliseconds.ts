/**
 * Durations as they are given, in milliseconds.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * `Infinity` is no limit; `undefined` is no duration. The type lets more pass than there are: every text of a number and a
 * word, and numbers that are none or negative, of which `Duration` makes zero.
 */
export const millisOf = (given: unknown): number | undefined => {
  if (typeof given === "number" && !(given >= 0)) return undefined
  return Option.getOrUndefined(Option.map(Duration.decodeUnknown(given), Duration.toMillis))
}
