import { NodeFileSystem } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { Chunk, Effect, Layer } from "effect"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { download } from "./examples/download.js"
import * as jsonApi from "./examples/json-api.js"
import { checkLinks, fastest } from "./examples/parallel-completion-order.js"
import * as platformDropIn from "./examples/platform-drop-in.js"
import * as severalClients from "./examples/several-clients.js"
import * as testing from "./examples/testing.js"
import { upload } from "./examples/upload.js"

const Http = Client.layer().pipe(Layer.provide(Transport.layer()), Layer.merge(NodeFileSystem.layer))

const served = (listener: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer(listener).listen(0, "127.0.0.1")
        await once(server, "listening")
        return server
      }),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-httpx-examples-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))

describe("examples", () => {
  it.effect("json-api", () =>
    Effect.gen(function* () {
      const server = InProcess.layer(({ body, headers, method, path }) =>
        Effect.gen(function* () {
          if (headers.get("authorization") !== "Bearer s3cret") return { status: 401 }
          if (method === "POST") return InProcess.json({ id: 1, ...Object(json(yield* body)) }, { status: 201 })
          return path === "/v1/users/1" ? InProcess.json({ id: 1, name: "Ada" }) : { status: 404 }
        })
      )
      expect(yield* Effect.provide(jsonApi.program, server)).toEqual({
        found: { id: 1, name: "Ada" },
        nobody: "no user 404"
      })
    })
  )

  it.scopedLive("download", () =>
    Effect.gen(function* () {
      const content = Buffer.alloc(3_000_000, "effect")
      const origin = yield* served((_, response) =>
        response.writeHead(200, { "content-length": content.length }).end(content)
      )
      const file = join(yield* folder, "big")
      const progress: Array<number> = []
      const received = yield* download(origin, file, (received, total) =>
        Effect.sync(() => {
          expect(total).toBe(content.length)
          progress.push(received)
        })
      )
      expect(received).toBe(content.length)
      expect(progress.at(-1)).toBe(content.length)
      expect(progress).toEqual([...progress].sort((a, b) => a - b))
      expect(Buffer.compare(yield* Effect.promise(() => readFile(file)), content)).toBe(0)
    }).pipe(Effect.provide(Http))
  )

  it.scopedLive("upload", () =>
    Effect.gen(function* () {
      const seen: Array<{ readonly encoding: string | undefined; readonly bytes: number }> = []
      const origin = yield* served((request, response) => {
        let bytes = 0
        request.on("data", (chunk: Buffer) => (bytes += chunk.length))
        request.on("end", () => {
          seen.push({ encoding: request.headers["transfer-encoding"], bytes })
          response.writeHead(201).end()
        })
      })
      const file = join(yield* folder, "big")
      yield* Effect.promise(() => writeFile(file, Buffer.alloc(1_000_000)))
      expect(yield* upload(file, origin)).toBe(201)
      expect(seen).toEqual([{ encoding: undefined, bytes: 1_000_000 }])
      const missing = yield* Effect.flip(upload(join(file, "none"), origin))
      expect(missing._tag).toMatch(/^(SystemError|BadArgument)$/)
    }).pipe(Effect.provide(Http))
  )

  it.scopedLive("parallel-completion-order", () =>
    Effect.gen(function* () {
      let aborted = 0
      const origin = yield* served((request, response) => {
        response.on("close", () => void (response.writableEnded || aborted++))
        if (request.url === "/never") return
        if (request.url === "/broken") request.socket.destroy()
        else setTimeout(() => response.writeHead(request.url === "/gone" ? 404 : 200).end(), 40)
      })
      const links = Chunk.toReadonlyArray(yield* checkLinks([`${origin}/slow`, `${origin}/gone`, `${origin}/broken`]))
      expect(links[0]).toEqual({ url: `${origin}/broken`, verdict: "no answer" })
      expect(links.slice(1)).toEqual(
        expect.arrayContaining([
          { url: `${origin}/slow`, verdict: "fine" },
          { url: `${origin}/gone`, verdict: "broken: 404" }
        ])
      )
      const first = yield* fastest([`${origin}/never`, `${origin}/mirror`])
      expect(first.url).toBe(`${origin}/mirror`)
      // The broken one, and the one that was left.
      yield* Effect.promise(() => expect.poll(() => aborted).toBe(2))
    }).pipe(Effect.provide(Http))
  )

  it.effect("several-clients", () =>
    Effect.gen(function* () {
      const urls: Array<string> = []
      const server = InProcess.layer(({ body, headers, url }) =>
        Effect.gen(function* () {
          urls.push(url)
          if (url.startsWith("https://shop.")) return InProcess.json({ key: headers.get("x-api-key") })
          return { body: `paid for ${JSON.stringify(json(yield* body))}` }
        })
      )
      expect(yield* Effect.provide(severalClients.program, server)).toEqual([
        '{"key":"shop-key"}',
        'paid for {"key":"shop-key"}'
      ])
      expect(urls).toEqual([
        "https://shop.example.com/api/orders/7",
        "https://bank.example.com/v2/payments?currency=EUR"
      ])
    })
  )

  it.effect("platform-drop-in", () =>
    Effect.gen(function* () {
      const book = { isbn: "0-19-853453-1", title: "A Course of Pure Mathematics" }
      const server = InProcess.layer(({ body, method, url }) =>
        Effect.gen(function* () {
          if (method === "POST") return InProcess.json(json(yield* body), { status: 201 })
          if (url === `https://library.example.com/books/${book.isbn}`) return InProcess.json(book)
          return InProcess.json({ _tag: "OutOfPrint", isbn: url.split("/").at(-1) }, { status: 410 })
        })
      )
      expect(yield* Effect.provide(platformDropIn.program, server)).toEqual({
        found: book,
        gone: "0 is out of print"
      })
    })
  )

  it.effect("testing", () =>
    Effect.gen(function* () {
      const result = yield* testing.program
      expect(result).toMatchObject({ inOslo: -4, inAtlantis: { _tag: "StatusError", status: 404 }, requests: 3 })
    })
  )
})
