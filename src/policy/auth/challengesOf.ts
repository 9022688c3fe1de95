/**
 * What an answer asks for. Each field is read by itself: one that is not written well says nothing about the others.
 */
import { type Challenge, parseChallenges } from "../../protocol/challenges.js"
import type { Response } from "../../Response.js"

export const challengesOf = (response: Response): ReadonlyArray<Challenge> =>
  parseChallenges(valuesOf(response, "www-authenticate"))

/** The values of a field by its lower-case name, one a field. */
export const valuesOf = ({ rawHeaders }: Response, field: string): ReadonlyArray<string> =>
  rawHeaders.filter(([name]) => name.toLowerCase() === field).map(([, value]) => value)
