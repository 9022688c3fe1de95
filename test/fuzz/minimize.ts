/** Makes a case that shows a problem as small as it can be made, one removal at a time. */
import type { HostileResponse } from "../support/http1-mutations.js"
import type { RequestCase } from "../support/http1-requests.js"

/** Whether a smaller case still shows the problem. */
type Shows<A> = (smaller: A) => Promise<boolean>

/** How many smaller cases are tried. */
const attempts = 3000

/** A text with one part removed, larger parts first. */
function* shorter(text: string): Generator<string> {
  for (let size = text.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < text.length; at += size) yield text.slice(0, at) + text.slice(at + size)
  }
}

function* without<A>(all: ReadonlyArray<A>): Generator<ReadonlyArray<A>> {
  for (let at = 0; at < all.length; at++) yield all.filter((_, index) => index !== at)
}

export function* smallerResponses(given: HostileResponse): Generator<HostileResponse> {
  if (given.method !== "GET") yield { ...given, method: "GET" }
  if (given.cuts.length > 0) yield { ...given, cuts: [] }
  for (const text of shorter(given.text)) yield { ...given, text }
  for (const cuts of without(given.cuts)) yield { ...given, cuts }
}

export function* smallerRequests(given: RequestCase): Generator<RequestCase> {
  for (const fields of without(given.fields)) yield { ...given, fields }
  for (const pieces of without(given.pieces)) yield { ...given, pieces }
  if (given.framing !== "none") yield { ...given, framing: "none" }
  for (const target of shorter(given.target)) yield { ...given, target }
  for (const method of shorter(given.method)) yield { ...given, method }
  for (const authority of shorter(given.authority)) yield { ...given, authority }
  for (const [at, [name, value]] of given.fields.entries()) {
    for (const each of shorter(value)) {
      yield { ...given, fields: given.fields.map((field, index) => (index === at ? [name, each] : field)) }
    }
  }
}

/** The smallest case found. */
export const minimize = async <A>(first: A, smaller: (given: A) => Generator<A>, shows: Shows<A>): Promise<A> => {
  let best = first
  let left = attempts
  for (let found = true; found && left > 0;) {
    found = false
    for (const each of smaller(best)) {
      if (--left < 0) break
      if (await shows(each)) {
        best = each
        found = true
        break
      }
    }
  }
  return best
}
