/** What is wrong with one case: an invariant that does not hold, or an oracle that reads something else. */
import { disagreement } from "../support/http1-differences.js"
import type { HostileResponse } from "../support/http1-mutations.js"
import { nodeHttp } from "../support/http1-oracles.js"
import { latin1, pieces, record } from "../support/http1-recorder.js"
import { readByServer, writeRequest, type RequestCase } from "../support/http1-requests.js"
import { brokenInvariant, type Problem } from "./invariants.js"

/** How long a case may take: none waits for anything. */
const patience = 10_000

const inTime = async (examined: Promise<Problem | undefined>): Promise<Problem | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Problem>((resolve) => {
    timer = setTimeout(() => resolve({ sort: "hangs", says: `nothing came within ${patience} ms` }), patience)
  })
  try {
    return await Promise.race([examined, late])
  } catch (error) {
    return { sort: "throws", says: error instanceof Error && error.stack !== undefined ? error.stack : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** `before` is what a parser that is used again has read before. */
export const examineResponse = (given: HostileResponse, before: string): Promise<Problem | undefined> =>
  inTime(compareResponse(given, before))

const compareResponse = async (given: HostileResponse, before: string): Promise<Problem | undefined> => {
  const { cuts, method, text } = given
  const ours = record(text, { method })
  const broken = brokenInvariant(given, ours, before)
  if (broken !== undefined) return broken
  // What comes after a message is not of it (RFC 9112 §6.3); a parser of pipelined messages would go on to read it.
  const used = text.slice(0, text.length - ours.rest.length)
  const theirs = await nodeHttp.ask(pieces(latin1(used), cuts), method)
  return disagreement(nodeHttp.name, { text: used, method }, ours, theirs)
}

/** What a server may refuse of a request that the serializer wrote: the syntax allows it, and this server does not know it. */
const serverRefuses: ReadonlyArray<{
  readonly because: string
  readonly says: RegExp
  readonly when: (given: RequestCase) => boolean
}> = [
  {
    because: "RFC 9110 §9.1: any token is a method, and a server may know only some",
    says: /HPE_INVALID_METHOD|HTTP\/2 Connection Preface/,
    when: ({ method }) =>
      method === "PRI" || method !== method.toUpperCase() || !/^(GET|POST|HEAD|PUT|OPTIONS)$/.test(method)
  },
  {
    because: "RFC 9112 §3.2: the serializer leaves the form of a target to its caller",
    says: /HPE_INVALID_URL/,
    when: ({ target }) => !target.startsWith("/")
  }
]

/** A request that is refused is safe; one that is sent has to be read as that one, and no other. */
export const examineRequest = (given: RequestCase): Promise<Problem | undefined> => inTime(compareRequest(given))

const compareRequest = async (given: RequestCase): Promise<Problem | undefined> => {
  const written = writeRequest(given)
  if ("code" in written) {
    return written.message === "" ? { sort: "no reason", says: `${written.code} without a message` } : undefined
  }
  const { refused, requests } = await readByServer(written.wire)
  const wire = JSON.stringify(written.wire.toString("latin1"))
  if (refused !== undefined && requests.length === 0) {
    if (serverRefuses.some((row) => row.says.test(refused) && row.when(given))) return undefined
    return { sort: `server refuses: ${refused}`, says: `node:http's server refuses ${wire}: ${refused}` }
  }
  const [expected, found] = [JSON.stringify([written.expected]), JSON.stringify(requests)]
  if (expected === found && refused === undefined) return undefined
  return { sort: "server reads otherwise", says: `of ${wire} the server read ${found}, not ${expected}` }
}
