/** What every server does for a client, whichever program it is and whichever version of HTTP it speaks. */
import { expect, type Vitest } from "@effect/vitest"
import { Chunk, Context, Effect, Stream } from "effect"
import type { Response } from "effect-httpx"
import type { Transport } from "effect-httpx/node"
import { authority as ca } from "../certificates.js"
import { connected } from "../failing.js"
import { clientSockets } from "../sockets.js"
import { large, sha256, small } from "./contents.js"

/** One way to speak to a peer. */
export interface Way<P> {
  readonly name: string
  readonly base: (peer: P) => string
  readonly options: Transport.TransportOptions
  readonly version: "HTTP/1.1" | "HTTP/2"
  /** What it answers without a body, and before it has read one. Default: it does both. */
  readonly lacks?: ReadonlyArray<"204" | "413"> | undefined
}

/** For `layer`: the clock is the system's, and a peer has its time to start. */
export const live = { excludeTestServices: true, timeout: "30 seconds" } as const

const tls = { ca }

/** The three ways there are; HTTP/1.1 without TLS is `http1` too. */
export const http1: Pick<Way<never>, "options" | "version"> = { options: { http2: false, tls }, version: "HTTP/1.1" }
export const http2: Pick<Way<never>, "options" | "version"> = { options: { tls }, version: "HTTP/2" }
export const h2c: Pick<Way<never>, "options" | "version"> = { options: { http1: false }, version: "HTTP/2" }

/** How many connections HTTP/1.1 may open at once here. */
const few = 8

/** A body that comes in pieces. */
export const pieces = (bytes: Uint8Array, size = 50_000): Stream.Stream<Uint8Array> =>
  Stream.map(Stream.range(0, Math.ceil(bytes.length / size) - 1), (i) => bytes.subarray(i * size, (i + 1) * size))

/** Counts the connections that are made from here on. */
const counting = <P>(peer: Context.Tag<P, P>, way: Way<P>) =>
  Effect.gen(function* () {
    const base = way.base(yield* peer)
    const sockets = yield* clientSockets
    const { client, stats } = yield* connected(
      { limits: { connectionsPerOrigin: few }, ...way.options },
      { baseUrl: base }
    )
    return { client, stats, sockets }
  })

export const serves = <P>(it: Vitest.MethodsNonLive<P, true>, peer: Context.Tag<P, P>, way: Way<P>): void => {
  const { lacks = [], name, version } = way
  const answered = (response: Response.Response, status: number) => {
    expect(response.status).toBe(status)
    expect(response.httpVersion).toBe(version)
  }

  it.scoped(`${name}: answers of all kinds come by one connection`, () =>
    Effect.gen(function* () {
      const { client, sockets, stats } = yield* counting(peer, way)
      const get = yield* client.get("/small")
      answered(get, 200)
      expect(yield* get.text).toBe(small)

      const head = yield* client.head("/large")
      answered(head, 200)
      expect(head.headers["content-length"]).toBe(String(large.length))
      expect((yield* head.read).length).toBe(0)

      const since = get.headers["last-modified"] ?? "never"
      const unchanged = yield* client.get("/small", { headers: { "If-Modified-Since": since } })
      answered(unchanged, 304)
      expect((yield* unchanged.read).length).toBe(0)

      const absent = yield* client.get("/absent")
      answered(absent, 404)

      if (!lacks.includes("204")) {
        const empty = yield* client.get("/empty")
        answered(empty, 204)
        expect((yield* empty.read).length).toBe(0)
      }
      expect(yield* (yield* client.get("/small")).text).toBe(small)
      expect(sockets.length).toBe(1)
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
    })
  )

  it.scoped(`${name}: 8 MiB come whole, and wait while nobody reads them`, () =>
    Effect.gen(function* () {
      const { client } = yield* counting(peer, way)
      const download = yield* client.stream("GET", "/large")
      answered(download, 200)
      for (let i = 0; i < 20; i++) expect(yield* (yield* client.get("/small")).text).toBe(small)
      expect(download.numBytesDownloaded).toBeLessThan(large.length / 2)
      const parts = yield* Stream.runCollect(Stream.tap(download.stream, () => Effect.yieldNow()))
      expect(sha256(Buffer.concat(Chunk.toReadonlyArray(parts)))).toBe(sha256(large))
      expect(yield* (yield* client.get("/small")).text).toBe(small)
    })
  )

  it.scoped(`${name}: a download that is given up leaves the rest of the client as it was`, () =>
    Effect.gen(function* () {
      const { client, stats } = yield* counting(peer, way)
      for (let i = 0; i < 3; i++) {
        const download = yield* client.stream("GET", "/large")
        yield* Stream.runDrain(Stream.take(download.stream, 1))
        yield* download.close
        expect(yield* (yield* client.get("/small")).text).toBe(small)
      }
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
    })
  )

  it.scoped(`${name}: bodies arrive as they were sent, as bytes and as streams`, () =>
    Effect.gen(function* () {
      const { client, sockets } = yield* counting(peer, way)
      for (const body of [large.subarray(0, 2_000_000), large.subarray(7, 8)]) {
        for (const content of [body, pieces(body)]) {
          for (const method of ["POST", "PUT"]) {
            const response = yield* client.request(method, "/echo", { content })
            answered(response, 200)
            expect(sha256(yield* response.read)).toBe(sha256(body))
          }
        }
      }
      expect(sockets.length).toBe(1)
    })
  )

  it.scoped(`${name}: 50 requests one after the other take one connection`, () =>
    Effect.gen(function* () {
      const { client, sockets } = yield* counting(peer, way)
      for (let i = 0; i < 50; i++) expect(yield* (yield* client.get("/small")).text).toBe(small)
      expect(sockets.length).toBe(1)
    })
  )

  it.scoped(
    `${name}: 50 requests at once share ${version === "HTTP/2" ? "one connection" : "what they may open"}`,
    () =>
      Effect.gen(function* () {
        const { client, sockets, stats } = yield* counting(peer, way)
        const urls = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? "/small" : "/echo"))
        const answers = yield* Effect.forEach(
          urls,
          (url) => (url === "/small" ? client.get(url) : client.post(url, { content: small })),
          { concurrency: "unbounded" }
        )
        for (const answer of answers) {
          answered(answer, 200)
          expect(yield* answer.text).toBe(small)
        }
        expect(sockets.length).toBeGreaterThan(0)
        expect(sockets.length).toBeLessThanOrEqual(version === "HTTP/2" ? 1 : few)
        expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
      })
  )

  if (!lacks.includes("413")) {
    it.scoped(`${name}: an answer that comes before the body has gone out is not lost`, () =>
      Effect.gen(function* () {
        const { client, stats } = yield* counting(peer, way)
        for (const content of [large, pieces(large)]) {
          answered(yield* client.post("/early", { content }), 413)
          expect(yield* (yield* client.get("/small")).text).toBe(small)
        }
        expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
      })
    )
  }
}
