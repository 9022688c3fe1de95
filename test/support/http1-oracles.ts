/** llhttp as node:http and undici drive it, over connections in memory, for the http1-* tests and the fuzz run. */
import * as http from "node:http"
import type { Socket } from "node:net"
import { Duplex } from "node:stream"
import { Client } from "undici"
import { latin1, type RecordedHead } from "./http1-recorder.js"

type OracleHead = Pick<RecordedHead, "status" | "fields"> & { readonly reason: string }

export type Outcome =
  | { readonly _tag: "Refused"; readonly says: string }
  | { readonly _tag: "Upgraded"; readonly status: number }
  | {
      readonly _tag: "Accepted"
      readonly head: OracleHead
      readonly body: string
      readonly trailers: ReadonlyArray<string>
      /** What only node:http tells. */
      readonly informational: ReadonlyArray<OracleHead> | undefined
      readonly keepAlive: boolean | undefined
    }

export interface Oracle {
  readonly name: "node:http" | "undici"
  /** What it makes of an answer that comes in these pieces, before the connection is closed. */
  readonly ask: (pieces: ReadonlyArray<Buffer>, method: string) => Promise<Outcome>
}

/** A connection in memory: answers the first bytes that are written to it, then closes. */
class Answering extends Duplex {
  private readonly pieces: ReadonlyArray<Buffer>
  private answered = false

  constructor(pieces: ReadonlyArray<Buffer>) {
    super({ allowHalfOpen: true })
    this.pieces = pieces
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, written: () => void): void {
    written()
    if (this.answered) return
    this.answered = true
    setImmediate(() => {
      for (const piece of this.pieces) {
        if (this.destroyed) return
        this.push(piece)
      }
      if (!this.destroyed) this.push(null)
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
const connection = (pieces: ReadonlyArray<Buffer>): Socket => new Answering(pieces) as unknown as Socket

const refusal = (error: unknown): Outcome => {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  return { _tag: "Refused", says: `${code} ${String(error)}` }
}

const oracleHead = (
  status: number | undefined,
  reason: string | undefined,
  fields: ReadonlyArray<string>
): OracleHead => ({ status: status ?? 0, reason: reason ?? "", fields })

export const nodeHttp: Oracle = {
  name: "node:http",
  ask: (pieces, method) =>
    new Promise((resolve) => {
      const request = http.request({
        method,
        path: "/",
        host: "h",
        // Without it node:http would not tell whether the connection persists.
        headers: { connection: "keep-alive" },
        insecureHTTPParser: false,
        createConnection: () => connection(pieces)
      })
      const informational: Array<OracleHead> = []
      const upgraded = (response: http.IncomingMessage, socket: Duplex): void => {
        socket.destroy()
        resolve({ _tag: "Upgraded", status: response.statusCode ?? 0 })
      }
      request.on("error", (error) => resolve(refusal(error)))
      request.on("close", () => setImmediate(() => resolve(refusal("closed"))))
      request.on("upgrade", upgraded)
      request.on("connect", upgraded)
      request.on("information", ({ rawHeaders, statusCode, statusMessage }) =>
        informational.push(oracleHead(statusCode, statusMessage, rawHeaders))
      )
      request.on("response", (response) => {
        const chunks: Array<Buffer> = []
        const keepAlive = request.shouldKeepAlive
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", (error) => resolve(refusal(error)))
        response.on("end", () => {
          const { rawHeaders, rawTrailers, statusCode, statusMessage } = response
          const body = Buffer.concat(chunks).toString("latin1")
          const head = oracleHead(statusCode, statusMessage, rawHeaders)
          resolve({ _tag: "Accepted", head, body, trailers: rawTrailers, informational, keepAlive })
        })
      })
      request.end()
    })
}

// undici keeps the white space after a value, against RFC 9112 §5.
const undiciFields = (raw: ReadonlyArray<Buffer>): ReadonlyArray<string> =>
  raw.map((each) => each.toString("latin1").replace(/[ \t]+$/, ""))

/** undici's types say `string[] | null`; what comes is what `onHeaders` gets. */
const asBuffers = (raw: ReadonlyArray<string | Buffer> | null): ReadonlyArray<Buffer> =>
  (raw ?? []).map((each) => (typeof each === "string" ? latin1(each) : each))

export const undici: Oracle = {
  name: "undici",
  ask: (pieces, method) =>
    new Promise((resolve) => {
      const client = new Client("http://h", {
        connect: (_options, connected) => setImmediate(() => connected(null, connection(pieces)))
      })
      const settle = (outcome: Outcome): void => {
        resolve(outcome)
        client.destroy().catch(() => undefined)
      }
      let head = oracleHead(0, "", [])
      const chunks: Array<Buffer> = []
      client.dispatch(
        { path: "/", method: method === "HEAD" ? "HEAD" : "GET" },
        {
          onConnect: () => undefined,
          onHeaders: (status, raw, _resume, reason) => {
            head = oracleHead(status, reason, undiciFields(raw))
            return true
          },
          onData: (chunk) => {
            chunks.push(Buffer.from(chunk))
            return true
          },
          onComplete: (raw) =>
            settle({
              _tag: "Accepted",
              head,
              body: Buffer.concat(chunks).toString("latin1"),
              trailers: undiciFields(asBuffers(raw)),
              informational: undefined,
              keepAlive: undefined
            }),
          onError: (error) => settle(refusal(error)),
          onUpgrade: (status) => settle({ _tag: "Upgraded", status })
        }
      )
    })
}
