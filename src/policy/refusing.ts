/**
 * In the place of a policy whose options are none: every request fails, and says why, before anything is opened.
 */
import * as Effect from "effect/Effect"
import { unsendable } from "../Request.js"
import type { Policy } from "./Policy.js"

export const refusing = (flaw: string): Policy => ({
  exchange: () => (request) => Effect.fail(unsendable(request, flaw))
})
