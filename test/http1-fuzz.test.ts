/**
 * The response parser beside llhttp, as node:http and undici drive it. `FUZZ_RUNS` and `FUZZ_SEED` make it longer and other.
 */
import { FastCheck as fc } from "effect"
import * as http from "node:http"
import type { Socket } from "node:net"
import { Duplex } from "node:stream"
import { Client } from "undici"
import { describe, expect, it } from "vitest"
import { response } from "./support/http1-generators.js"
import { latin1, record, type Recording } from "./support/http1-recorder.js"

type Outcome =
  | { readonly _tag: "Refused"; readonly says: string }
  | { readonly _tag: "Upgraded" }
  | {
      readonly _tag: "Accepted"
      readonly status: number
      readonly reason: string
      readonly fields: ReadonlyArray<string>
      readonly body: string
      readonly trailers: ReadonlyArray<string>
    }

interface Oracle {
  readonly name: "node:http" | "undici"
  readonly ask: (answer: Buffer, method: string) => Promise<Outcome>
}

/** A connection in memory: answers the first bytes that are written to it, then closes. */
class Answering extends Duplex {
  private readonly answer: Buffer
  private answered = false

  constructor(answer: Buffer) {
    super({ allowHalfOpen: true })
    this.answer = answer
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, written: () => void): void {
    written()
    if (this.answered) return
    this.answered = true
    setImmediate(() => {
      if (this.destroyed) return
      this.push(this.answer)
      this.push(null)
    })
  }
  // What both clients call on a socket.
  readonly setNoDelay = (): this => this
  readonly setKeepAlive = (): this => this
  readonly setTimeout = (): this => this
  readonly ref = (): this => this
  readonly unref = (): this => this
}

/** The clients ask for a `net.Socket`, and use of it what `Answering` has. */
const connection = (answer: Buffer): Socket => new Answering(answer) as unknown as Socket

const refusal = (error: unknown): Outcome => {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  return { _tag: "Refused", says: `${code} ${String(error)}` }
}

const nodeHttp: Oracle = {
  name: "node:http",
  ask: (answer, method) =>
    new Promise((resolve) => {
      const request = http.request({ method, path: "/", host: "h", createConnection: () => connection(answer) })
      request.on("error", (error) => resolve(refusal(error)))
      request.on("close", () => setImmediate(() => resolve(refusal("closed"))))
      request.on("upgrade", (_response, socket) => {
        socket.destroy()
        resolve({ _tag: "Upgraded" })
      })
      request.on("response", (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", (error) => resolve(refusal(error)))
        response.on("end", () =>
          resolve({
            _tag: "Accepted",
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? "",
            fields: response.rawHeaders,
            body: Buffer.concat(chunks).toString("latin1"),
            trailers: response.rawTrailers
          })
        )
      })
      request.end()
    })
}

// undici keeps the white space after a value, against RFC 9112 §5.
const undiciFields = (raw: ReadonlyArray<Buffer>): ReadonlyArray<string> =>
  raw.map((each) => each.toString("latin1").replace(/[ \t]+$/, ""))

const undici: Oracle = {
  name: "undici",
  ask: (answer, method) =>
    new Promise((resolve) => {
      const client = new Client("http://h", {
        connect: (_options, connected) => setImmediate(() => connected(null, connection(answer)))
      })
      const settle = (outcome: Outcome): void => {
        resolve(outcome)
        client.destroy().catch(() => undefined)
      }
      let head = { status: 0, reason: "", fields: undiciFields([]) }
      const chunks: Array<Buffer> = []
      client.dispatch(
        { path: "/", method: method === "HEAD" ? "HEAD" : "GET" },
        {
          onConnect: () => undefined,
          onHeaders: (status, raw, _resume, reason) => {
            head = { status, reason, fields: undiciFields(raw) }
            return true
          },
          onData: (chunk) => {
            chunks.push(Buffer.from(chunk))
            return true
          },
          onComplete: (raw) => {
            const body = Buffer.concat(chunks).toString("latin1")
            settle({ _tag: "Accepted", ...head, body, trailers: undiciFields(asBuffers(raw)) })
          },
          onError: (error) => settle(refusal(error)),
          onUpgrade: () => settle({ _tag: "Upgraded" })
        }
      )
    })
}

/** undici's types say `string[] | null`; what comes is what `onHeaders` gets. */
const asBuffers = (raw: ReadonlyArray<string | Buffer> | null): ReadonlyArray<Buffer> =>
  (raw ?? []).map((each) => (typeof each === "string" ? latin1(each) : each))

const isBodyless = (ours: Recording, method: string): boolean =>
  method === "HEAD" || ours.head?.status === 204 || ours.head?.status === 304

/** What an oracle refuses and we read: what it says, where that can be, and who allows it. */
const weRead: ReadonlyArray<{
  readonly because: string
  readonly says: RegExp
  readonly when: (text: string, ours: Recording, method: string) => boolean
}> = [
  {
    because: "RFC 9112 §2.2: a recipient may take a lone LF for the end of a line of the head",
    says: /CR_EXPECTED|expected CR|HPE_INVALID_STATUS|response status|HEADER_TOKEN|header (token|field char|value char)/,
    when: (text) => /(^|[^\r])\n/.test(text)
  },
  {
    because: "RFC 9112 §5.1: white space before the colon is removed from a response",
    says: /HEADER_TOKEN|header (token|field char)/,
    when: (text) => /\n[^\r\n:]+[ \t]:/.test(text)
  },
  {
    because: "RFC 9112 §5.2: a user agent replaces a fold with a space",
    says: /HEADER_TOKEN|header value|header value char/,
    when: (text) => /\n[ \t]/.test(text)
  },
  {
    because: "RFC 9110 §8.6: a Content-Length that is repeated and equal is one",
    says: /CONTENT_LENGTH|Content-Length/,
    when: (_text, ours) =>
      (ours.head?.fields ?? []).filter((each) => each.toLowerCase() === "content-length").length > 1 ||
      (ours.head?.fields ?? []).some((each) => /^(\d+)[ \t]*,[ \t]*\1$/.test(each))
  },
  {
    because: "RFC 9112 §5: a tab is white space around a value too",
    says: /CONTENT_LENGTH|Content-Length/,
    when: (text) => /Content-Length:[^\r\n]*\t/i.test(text)
  },
  {
    because: "RFC 9112 §6.3 item 1: these responses end with their head, whatever its fields say",
    says: /CONTENT_LENGTH|TRANSFER_ENCODING|Content-Length|Transfer-Encoding/,
    when: (_text, ours, method) => isBodyless(ours, method) || ours.informational.length > 0
  },
  {
    because: "RFC 9112 §7.1.1: bad white space in a chunk size line",
    says: /CHUNK_SIZE|HPE_STRICT|chunk (size|extensions)/,
    when: (text) => /[0-9a-fA-F][ \t]|;[ \t]/.test(text)
  },
  {
    because: "RFC 9110 §2.5: a minor version that is not known is read as the highest one that is",
    says: /VERSION|version/,
    when: (_text, ours) => [...ours.informational, ours.head].some((head) => (head?.minor ?? 0) > 1)
  },
  {
    because: "RFC 9110 §15.2: a 1xx is not the answer, so it cannot end the connection before that",
    says: /CLOSED_CONNECTION|after `Connection: close`/,
    when: (_text, ours) => ours.informational.length > 0
  },
  {
    because: "RFC 9110 §15.2: a client reads 1xx responses that it did not ask for",
    says: /UND_ERR_SOCKET/,
    when: (_text, ours) => ours.informational.some((head) => head.status === 100)
  }
]

/** What an oracle reads and we refuse, by our code. */
const weRefuse: Readonly<Record<string, string>> = {
  INVALID_STATUS_LINE: "RFC 9112 §4: no controls in a reason; RFC 9110 §15: a status is at least 100",
  BARE_CR: "RFC 9112 §2.2: a CR without LF is invalid, also before the status line",
  INVALID_CHUNK_EXTENSION: "RFC 9112 §7.1.1: an extension is made of tokens and quoted strings, neither has DEL",
  UNSUPPORTED_VERSION: "RFC 9112 §2.3: another major version is another syntax",
  TRANSFER_ENCODING_IN_HTTP_1_0: "RFC 9112 §6.1: faulty framing",
  UNSUPPORTED_TRANSFER_CODING: "RFC 9112 §7: a body in a coding that is not decoded is not the content"
}

/** What both read, and not alike. */
const weReadOtherwise: ReadonlyArray<{ readonly because: string; readonly when: (text: string) => boolean }> = [
  {
    because: "RFC 9112 §5: a tab is white space around a value too, so this is chunked",
    when: (text) => /Transfer-Encoding:[^\r\n]*\t/i.test(text)
  }
]

const disagreement = (
  oracle: Oracle,
  text: string,
  method: string,
  ours: Recording,
  theirs: Outcome
): string | undefined => {
  const accepted = ours.trailers !== undefined
  if (theirs._tag === "Upgraded" || ours.upgraded) return undefined
  if (theirs._tag === "Refused") {
    // undici says "content length mismatch" of whatever llhttp refuses after it has seen a Content-Length.
    const says = (row: (typeof weRead)[number]): boolean => row.says.test(theirs.says) || /MISMATCH/.test(theirs.says)
    const allowed = weRead.some((row) => says(row) && row.when(text, ours, method))
    return accepted && !allowed ? `${oracle.name} refuses what we read: ${theirs.says}` : undefined
  }
  if (!accepted || ours.head === undefined) {
    if (ours.violation !== undefined && ours.violation in weRefuse) return undefined
    return `${oracle.name} reads what we refuse: ${ours.message}`
  }
  const { body, head, trailers } = ours
  const read = { status: head.status, reason: head.reasonPhrase, fields: head.fields, body, trailers }
  // RFC 9112 §4 leaves the encoding of a reason open; undici takes it for UTF-8.
  const reason = oracle.name === "undici" ? latin1(read.reason).toString("utf8") : read.reason
  const mine = JSON.stringify({ _tag: "Accepted", ...read, reason })
  const other = JSON.stringify(theirs)
  if (mine === other || weReadOtherwise.some((row) => row.when(text))) return undefined
  return `${oracle.name} reads ${other}, we read ${mine}`
}

const seed = Number(process.env["FUZZ_SEED"] ?? 1)
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000)

describe("against llhttp", () => {
  for (const oracle of [nodeHttp, undici]) {
    it(`reads a response as ${oracle.name} does, or the RFC says why not`, { timeout: 30_000 + numRuns * 20 }, () =>
      // What fast-check throws has the seed, and the shortest case that it found.
      fc.assert(
        fc.asyncProperty(response, async ({ method, text }) => {
          const ours = record(text, { method })
          // What comes after a message is not of it (RFC 9112 §6.3); a parser of pipelined messages would go on to read it.
          const used = text.slice(0, text.length - ours.rest.length)
          const theirs = await oracle.ask(latin1(used), method)
          expect(disagreement(oracle, text, method, ours, theirs)).toBeUndefined()
        }),
        { seed, numRuns }
      )
    )
  }
})
