/** The client for code that is not in Effect: what its promises resolve and reject with, and what they leave behind. */
import { FetchHttpClient } from "@effect/platform"
import { Data, Effect, Layer, Stream } from "effect"
import { Client, HttpxError, Pagination, Promises } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { getEventListeners, once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { clientSockets } from "./support/sockets.js"

/** A server, and the sockets that are open to it. */
class Served {
  readonly sockets = new Set<Socket>()

  constructor(private readonly server: Server) {
    server.on("connection", (socket: Socket) => {
      this.sockets.add(socket)
      socket.on("close", () => this.sockets.delete(socket))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Waits until no socket is open, which the client has closed before. */
  async untilLeft(): Promise<void> {
    await Promise.all(Array.from(this.sockets, (socket) => once(socket, "close")))
  }

  async end(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

const ending: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

const serve = async (listener: RequestListener): Promise<Served> => {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const served = new Served(server)
  ending.push(() => served.end())
  return served
}

/** `/never` is not answered, `/endless` not to its end; all else with its path and what was sent there. */
const listener: RequestListener = (request, response) => {
  const path = request.url ?? "/"
  if (path === "/never") return
  if (path === "/endless") return void response.write("first line\nsecond line\n")
  if (path === "/status/404") return void response.writeHead(404).end("not here")
  let body = ""
  request.on("data", (chunk: Buffer) => (body += chunk.toString()))
  request.on("end", () => response.end(JSON.stringify({ method: request.method, path, body })))
}

/** What a promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("this was to reject")
    },
    (error: unknown) => error
  )

/** Runs something with the sockets that are opened meanwhile. */
const withClientSockets = (use: (sockets: ReadonlyArray<Socket>) => Promise<void>): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(clientSockets, (sockets) => Effect.promise(() => use(sockets)))))

const connected = async (options?: Client.ClientOptions) => {
  const served = await serve(listener)
  const client = await Promises.make(Transport.layer(), { baseUrl: served.url, ...options })
  ending.push(() => client.close())
  return { client, served }
}

describe("a call", () => {
  test("resolves with a response whose readers are promises", async () => {
    const { client, served } = await connected({ params: { a: 1 } })
    const response = await client.get("/users")
    expect(response).toBeInstanceOf(Promises.PromiseResponse)
    expect([response.status, response.ok, response.reasonPhrase]).toEqual([200, true, "OK"])
    expect(response.url).toBe(`${served.url}/users?a=1`)
    expect(response.headers["content-length"]).toBe(String((await response.bytes()).length))
    expect(await response.json()).toEqual({ method: "GET", path: "/users?a=1", body: "" })
    expect(await response.text()).toBe(JSON.stringify(await response.json()))
    expect(await (await response.raiseForStatus()).json()).toMatchObject({ method: "GET" })
    expect(JSON.stringify(response)).toBe(JSON.stringify(response.httpx))
  })

  test("can be of any method, with any body", async () => {
    const { client } = await connected()
    const sent = async (response: Promise<Promises.PromiseResponse>) => (await response).json()
    expect(await sent(client.post("/", { json: [1] }))).toEqual({ method: "POST", path: "/", body: "[1]" })
    expect(await sent(client.put("/", { form: { a: "b c" } }))).toMatchObject({ method: "PUT", body: "a=b+c" })
    expect(await sent(client.patch("/", { content: "text" }))).toMatchObject({ method: "PATCH", body: "text" })
    expect(await sent(client.del("/"))).toMatchObject({ method: "DELETE" })
    expect(await sent(client.options("/"))).toMatchObject({ method: "OPTIONS" })
    expect(await sent(client.request("REPORT", "/", { content: "r" }))).toMatchObject({ method: "REPORT", body: "r" })
    expect((await client.head("/")).ok).toBe(true)
  })

  test("rejects with the error itself", async () => {
    const { client, served } = await connected()
    expect(await rejection(client.post("/", { content: Stream.fail("broken") }))).toMatchObject({
      _tag: "BodyError",
      error: "broken"
    })
    expect(await rejection(client.get("/", { headers: { "no token": "" } }))).toMatchObject({
      _tag: "LocalProtocolError"
    })
    await served.end()
    const refused = await rejection(client.get("/"))
    expect(refused).toBeInstanceOf(HttpxError.ConnectError)
    expect(refused).toMatchObject({ _tag: "ConnectError", delivery: "unsent", request: { method: "GET" } })
  })

  test("rejects with a defect as it is", async () => {
    const bug = new Error("a bug")
    const { client } = await connected({ hooks: { request: () => Effect.die(bug) } })
    expect(await rejection(client.get("/"))).toBe(bug)
  })

  test("has a status that is no failure until it is asked to be", async () => {
    const { client } = await connected()
    const response = await client.get("/status/404")
    expect(response.ok).toBe(false)
    const error = await rejection(response.raiseForStatus())
    expect(error).toBeInstanceOf(HttpxError.StatusError)
    expect(error).toMatchObject({ status: 404 })
    expect(await rejection(response.json())).toBeInstanceOf(HttpxError.DecodingError)
  })

  test("is ended by a signal, and rejects with its reason when the connection is released", async () => {
    const { client, served } = await connected()
    const controller = new AbortController()
    const call = rejection(client.get("/never", { signal: controller.signal }))
    await expect.poll(() => served.sockets.size).toBe(1)
    const reason = new Error("not wanted any more")
    controller.abort(reason)
    expect(await call).toBe(reason)
    await served.untilLeft()
    expect(await rejection(client.get("/", { signal: controller.signal }))).toBe(reason)
    expect(served.sockets.size).toBe(0)
  })

  test("leaves nothing on a signal that lives longer", async () => {
    const { client } = await connected()
    const { signal } = new AbortController()
    await client.get("/", { signal })
    const response = await client.stream("GET", "/endless", { signal })
    expect(getEventListeners(signal, "abort").length).toBe(1)
    await response.close()
    await expect.poll(() => getEventListeners(signal, "abort").length).toBe(0)
  })
})

describe("a response that is open", () => {
  test("gives its body as it arrives, and is closed by leaving the loop", async () => {
    const { client, served } = await connected()
    await using response = await client.stream("GET", "/endless")
    for await (const chunk of response) {
      expect(new TextDecoder().decode(chunk)).toMatch(/^first line/)
      break
    }
    expect(response.httpx.isClosed).toBe(true)
    await served.untilLeft()
  })

  test("gives its lines, and all of its body", async () => {
    const { client } = await connected()
    const response = await client.stream("POST", "/", { content: "a\r\nb" })
    const lines: Array<string> = []
    for await (const line of response.lines()) lines.push(line)
    expect(lines).toEqual([JSON.stringify({ method: "POST", path: "/", body: "a\r\nb" })])
    expect(await rejection(response.text())).toBeInstanceOf(HttpxError.StreamConsumed)
    expect(await (await client.stream("GET", "/")).json()).toMatchObject({ path: "/" })
  })

  test("is closed by `await using`, also when that is left by a throw", async () => {
    const { client, served } = await connected()
    const leaving = async () => {
      await using response = await client.stream("GET", "/endless")
      throw new Error(`left at ${response.status}`)
    }
    expect(await rejection(leaving())).toEqual(new Error("left at 200"))
    await served.untilLeft()
  })

  test("is closed by its signal", async () => {
    const { client, served } = await connected()
    const controller = new AbortController()
    const response = await client.stream("GET", "/endless", { signal: controller.signal })
    controller.abort()
    await served.untilLeft()
    expect(await rejection(response.text())).toBeInstanceOf(HttpxError.StreamClosed)
  })

  test("fails who reads it, when its connection is lost", async () => {
    const { client, served } = await connected()
    const response = await client.stream("GET", "/endless")
    const reading = async () => {
      for await (const _ of response) for (const socket of served.sockets) socket.destroy()
    }
    expect(await rejection(reading())).toBeInstanceOf(HttpxError.ReadError)
  })
})

describe("a parallel block", () => {
  test("gives its answers by handle, or whichever comes next", async () => {
    const { client } = await connected()
    await using parallel = await client.parallel({ concurrency: 8 })
    const one = await parallel.get("/1", { tag: "one" })
    await parallel.post("/2", { json: 2 })
    await parallel.request("REPORT", "/3")
    expect(one.tag).toBe("one")
    expect(await (await one.getResponse()).json()).toMatchObject({ path: "/1" })
    const others: Array<unknown> = []
    for await (const response of parallel) others.push(await response.json())
    expect(others).toHaveLength(2)
    expect(others).toEqual(
      expect.arrayContaining([
        { method: "POST", path: "/2", body: "2" },
        { method: "REPORT", path: "/3", body: "" }
      ])
    )
    expect(await parallel.hasPendingResponses()).toBe(false)
    expect(await rejection(parallel.nextResponse())).toBeInstanceOf(HttpxError.NoPendingResponses)
  })

  test("gives errors where the answer is taken", async () => {
    const { client } = await connected()
    await using parallel = await client.parallel()
    await parallel.get("ftp://h.test/")
    expect(await parallel.hasPendingResponses()).toBe(true)
    expect(await rejection(parallel.nextResponse())).toBeInstanceOf(HttpxError.UnsupportedProtocol)
    const pending = await parallel.get("/never")
    await pending.cancel()
    expect(await rejection(pending.getResponse())).toBeInstanceOf(HttpxError.RequestCancelled)
  })

  test("goes on when a wait is ended by a signal", async () => {
    const { client } = await connected()
    await using parallel = await client.parallel()
    const pending = await parallel.get("/never")
    const signal = AbortSignal.abort("enough")
    expect(await rejection(pending.getResponse({ signal }))).toBe("enough")
    expect(await rejection(parallel.nextResponse({ signal }))).toBe("enough")
    expect(await parallel.hasPendingResponses()).toBe(true)
  })

  test("that is left by a throw has released its sockets", async () => {
    const { client, served } = await connected()
    const leaving = async () => {
      await using parallel = await client.parallel()
      for (let i = 0; i < 5; i++) await parallel.get("/never")
      await expect.poll(() => served.sockets.size).toBe(5)
      throw new Error("left")
    }
    await withClientSockets(async (sockets) => {
      expect(await rejection(leaving())).toEqual(new Error("left"))
      expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true, true])
    })
    await served.untilLeft()
    // The client is as it was.
    expect((await client.get("/")).ok).toBe(true)
  })

  test("is left by its signal, or by closing the client", async () => {
    const { client, served } = await connected()
    const controller = new AbortController()
    const first = await client.parallel({ signal: controller.signal })
    const second = await client.parallel()
    const [one, two] = [await first.get("/never"), await second.get("/never")]
    const [oneLeft, twoLeft] = [rejection(one.getResponse()), rejection(two.getResponse())]
    controller.abort()
    expect(await oneLeft).toBeInstanceOf(HttpxError.RequestCancelled)
    await client.close()
    expect(await twoLeft).toBeInstanceOf(HttpxError.RequestCancelled)
    await served.untilLeft()
    // Closing once more, and what is closed, does no harm.
    await Promise.all([first.close(), second.close(), client.close()])
  })
})

describe("a client", () => {
  test("that is closed has ended what ran, and has no socket open", async () => {
    const { client, served } = await connected()
    await (await client.get("/")).text()
    const running = rejection(client.get("/never"))
    const open = await client.stream("GET", "/endless")
    await expect.poll(() => served.sockets.size).toBeGreaterThan(1)
    await client[Symbol.asyncDispose]()
    expect(await running).toBeInstanceOf(HttpxError.RequestCancelled)
    expect(open.httpx.isClosed).toBe(true)
    await served.untilLeft()
    expect(await rejection(client.get("/"))).toMatchObject({
      _tag: "RequestCancelled",
      message: "the client was closed"
    })
    expect(await rejection(client.parallel())).toMatchObject({ _tag: "RequestCancelled" })
  })

  test("that is closed leaves what was read", async () => {
    const { client } = await connected()
    const response = await client.get("/")
    await client.close()
    expect(await response.json()).toMatchObject({ path: "/" })
  })

  test("runs any effect that uses it", async () => {
    const { client } = await connected()
    const twice: Pagination.Next = (_, asked) => Effect.succeed(asked.url.endsWith("/a") ? "/b" : undefined)
    expect(await client.run((client) => Stream.runCount(Pagination.pages(client, "/a", twice)))).toBe(2)
    expect(await rejection(client.run(() => Effect.fail("as it is")))).toBe("as it is")
    const bug = new Error("a bug")
    const broken = client.run(() => {
      throw bug
    })
    expect(await rejection(broken)).toBe(bug)
  })

  test("is as good over fetch, or over a function", async () => {
    const served = await serve(listener)
    await using overFetch = await Promises.make(FetchHttpClient.layer, { baseUrl: served.url })
    expect(await (await overFetch.get("/")).json()).toMatchObject({ path: "/" })
    await using inProcess = await Promises.make(InProcess.layer(() => Effect.succeed({ body: "hello" })))
    expect(await (await inProcess.get("http://h.test/")).text()).toBe("hello")
  })

  test("is not made if its layer fails, and rejects with that", async () => {
    class Unavailable extends Data.TaggedError("Unavailable") {}
    let released = false
    const layer = Layer.provideMerge(
      Layer.effectDiscard(Effect.fail(new Unavailable())),
      Layer.merge(
        Transport.layer(),
        Layer.scopedDiscard(Effect.addFinalizer(() => Effect.sync(() => void (released = true))))
      )
    )
    expect(await rejection(Promises.make(layer))).toBeInstanceOf(Unavailable)
    expect(released).toBe(true)
  })
})
