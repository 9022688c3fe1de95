/** A connection of HTTP/2 that breaks: who is told what, and what is sent again. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { HttpxError } from "effect-httpx"
import * as Certificates from "./support/certificates.js"
import { atRest, connected, failsWith } from "./support/failing.js"
import * as h2 from "./support/h2frames.js"

const priorKnowledge = { http1: false, timeout: { read: "2 seconds" } } as const

const head200 = h2.status(200)

describe("a connection that is lost", () => {
  const places: ReadonlyArray<readonly [where: string, (id: number) => ReadonlyArray<Uint8Array>, HttpxError.Phase]> = [
    ["before the head", () => [], "wait"],
    ["after a 1xx", (id) => [h2.headers(id, [h2.status(103)])], "wait"],
    ["after the head", (id) => [h2.headers(id, [head200])], "read"],
    ["inside the body", (id) => [h2.headers(id, [head200]), h2.data(id, "12345")], "read"],
    ["inside a frame", (id) => [h2.headers(id, [head200]), h2.lastData(id, "12345").subarray(0, 12)], "read"]
  ]

  for (const how of ["close", "reset"] as const) {
    it.scopedLive.each(places)(`by ${how === "close" ? "FIN" : "RST"} %s is ReadError`, ([where, frames, phase]) =>
      Effect.gen(function* () {
        const server = yield* h2.scriptedH2((peer) => Effect.zipRight(h2.once(frames)(peer), peer.connection[how]))
        const { client, stats } = yield* connected(priorKnowledge)
        const error = yield* failsWith(client.post(server.url()), "ReadError")
        // RST overtakes what was sent before it.
        if (how === "close") {
          expect(error).toMatchObject({ phase, delivery: where === "before the head" ? "unknown" : "answered" })
        }
        expect(yield* stats).toEqual(atRest(0))
        yield* server.untilOpen(0)
      })
    )
  }

  it.scopedLive("is noticed when it serves nothing", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.zipRight(
          h2.once((id) => [h2.ok(id, "x")])(peer),
          Effect.zipRight(peer.take(h2.types.settings), peer.close)
        )
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
      yield* client.get(server.url())
      expect(server.connections.length).toBe(2)
    })
  )

  it.scopedLive("sends a GET again that had been sent over a connection that was kept", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(
        (peer) =>
          Effect.gen(function* () {
            yield* h2.once((id) => [h2.ok(id, "first")])(peer)
            yield* peer.request
            yield* peer.connection.reset
          }),
        h2.once((id) => [h2.ok(id, "second")])
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      expect(yield* (yield* client.get(server.url())).text).toBe("second")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("does not send a POST again", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* h2.once((id) => [h2.ok(id, "first")])(peer)
          yield* peer.request
          yield* peer.connection.reset
        })
      )
      const { client } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      const error = yield* failsWith(client.post(server.url()), "ReadError")
      expect(error.delivery).toBe("unknown")
      expect(server.connections.length).toBe(1)
    })
  )
})

describe("a handshake that fails late", () => {
  it.scopedLive("is TlsError, though the client thought it done (TLS 1.3)", () =>
    Effect.gen(function* () {
      const { authority: ca, localhost } = Certificates
      const wants = { ...localhost, ca, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const
      const server = yield* h2.scriptedH2Tls(
        wants,
        h2.once((id) => [h2.ok(id, "x")])
      )
      const { client, stats } = yield* connected({ tls: { ca } })
      const error = yield* failsWith(client.get(server.url()), "TlsError")
      expect(error).toMatchObject({ phase: "tls", delivery: "unsent" })
      expect(error.code).toContain("CERTIFICATE_REQUIRED")
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
