/** What a request inherits from its client, what it replaces, and how it says that it wants none of it. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client, Request } from "effect-httpx"
import { connected, failsWith } from "./support/failing.js"
import { answering, ok, scripted } from "./support/scripted.js"

/** A server, a client with these options, and the heads that the server was sent. */
const merged = (options: Client.ClientOptions) =>
  Effect.gen(function* () {
    const server = yield* scripted(answering(ok("")))
    const { client } = yield* connected({}, { baseUrl: server.url("/base"), ...options })
    const requests = () => server.connections[0]!.received.split(/(?=(?:GET|POST) \S+ HTTP)/)
    const lastHead = () => requests().at(-1)!.split("\r\n\r\n")[0]!.split("\r\n")
    return {
      client,
      server,
      /** The fields of the last request, its Host left out. */
      fields: () => lastHead().filter((line, at) => at > 0 && !line.startsWith("Host: ")),
      host: () => lastHead().filter((line) => /^host:/i.test(line)),
      target: () => lastHead()[0]!.split(" ")[1]
    }
  })

const untyped = (value: unknown) => value as never

describe("fields", () => {
  it.scopedLive("of the client come first, those of the request after them, each as written and in its order", () =>
    Effect.gen(function* () {
      const { client, fields } = yield* merged({
        headers: [
          ["X-Trace", "1"],
          ["x-TRACE", "2"],
          ["Accept", "text/html"]
        ]
      })
      yield* client.get("/", { headers: { "X-b": ["1", "2"], "x-A": "3" } })
      expect(fields()).toEqual([
        expect.stringMatching(/^user-agent: effect-httpx\//),
        expect.stringMatching(/^accept-encoding: gzip, deflate, br/),
        "X-Trace: 1",
        "x-TRACE: 2",
        "Accept: text/html",
        "X-b: 1",
        "X-b: 2",
        "x-A: 3"
      ])
    })
  )

  it.scopedLive("of the request replace all of the client's of that name, in any case", () =>
    Effect.gen(function* () {
      const { client, fields } = yield* merged({ headers: { "X-Key": ["1", "2"], "user-agent": "mine" } })
      yield* client.get("/", { headers: { "x-key": "3", "USER-AGENT": "its own" } })
      expect(fields().filter((line) => /^(x-key|user-agent)/i.test(line))).toEqual(["x-key: 3", "USER-AGENT: its own"])
    })
  )

  it.scopedLive("given as null are not sent, whoever would have sent them", () =>
    Effect.gen(function* () {
      const { client, fields } = yield* merged({ headers: { "X-Key": "1", "User-Agent": null } })
      yield* client.get("/", { headers: { Accept: null, "accept-ENCODING": null } })
      expect(fields()).toEqual(["X-Key: 1"])
      yield* client.get("/", { headers: { accept: null, "accept-encoding": null, "x-key": null, "x-none": null } })
      expect(fields()).toEqual([])
      yield* client.get("/", { headers: { accept: undefined, "accept-encoding": null } })
      expect(fields()).toEqual(["accept: */*", "X-Key: 1"])
    })
  )

  it.scopedLive("given as null keep a body from saying its type", () =>
    Effect.gen(function* () {
      const { client, fields } = yield* merged({
        headers: { accept: null, "accept-encoding": null, "user-agent": null }
      })
      yield* client.post("/", { json: 1, headers: { "content-type": null } })
      expect(fields()).toEqual(["Content-Length: 1"])
      yield* client.post("/", { json: 1, headers: { "content-type": "application/vnd.x+json" } })
      expect(fields()).toEqual(["content-type: application/vnd.x+json", "Content-Length: 1"])
    })
  )

  it.scopedLive("say their own Host, once", () =>
    Effect.gen(function* () {
      const { client, host, server } = yield* merged({ headers: { host: "client.test" } })
      yield* client.get("/")
      expect(host()).toEqual(["host: client.test"])
      yield* client.get("/", { headers: { Host: "call.test" } })
      expect(host()).toEqual(["Host: call.test"])
      const url = server.url("/").replace("//", "//user:pass@")
      yield* client.get(url, { headers: { host: null } })
      expect(host()).toEqual([`Host: ${new URL(url).host}`])
    })
  )

  it("of a request without a client are those that are given", () => {
    const request = Request.make("GET", "http://h.test/", { headers: { a: "1", b: null, c: undefined } })
    expect([...request.headers]).toEqual([["a", "1"]])
  })
})

describe("params", () => {
  it.scopedLive("follow the query of the URL, those of the client before those of the request", () =>
    Effect.gen(function* () {
      const { client, target } = yield* merged({ params: { key: "k" } })
      yield* client.get("/p?sig=a%2Fb~!&flag", { params: { key: "own" } })
      expect(target()).toBe("/base/p?sig=a%2Fb~!&flag&key=k&key=own")
      yield* client.get("/p?a=1", { params: {} })
      expect(target()).toBe("/base/p?a=1&key=k")
      yield* client.get("/p?a=1", { params: undefined })
      expect(target()).toBe("/base/p?a=1&key=k")
    })
  )

  it.scopedLive("null is none of the client's", () =>
    Effect.gen(function* () {
      const { client, target } = yield* merged({ params: { key: "k" } })
      yield* client.get("/p", { params: null })
      expect(target()).toBe("/base/p")
      yield* client.get("/p?a=1", { params: null })
      expect(target()).toBe("/base/p?a=1")
    })
  )

  it.scopedLive.each([
    ["a record with lists", { a: [1, "x y", true], b: undefined, c: 10n }, "a=1&a=x%20y&a=true&c=10"],
    [
      "pairs",
      [
        ["b", 1],
        ["a", 2],
        ["b", 3]
      ],
      "b=1&a=2&b=3"
    ],
    ["URLSearchParams", new URLSearchParams("q=1+2&e=&q=%26"), "q=1%202&e=&q=%26"],
    ["a Map", new Map([["ü", "é"]]), "%C3%BC=%C3%A9"],
    ["a Date", { since: new Date(Date.UTC(2024, 1, 29, 12)) }, "since=2024-02-29T12%3A00%3A00.000Z"]
  ] as ReadonlyArray<readonly [string, Request.ParamsInput, string]>)("can be %s", ([, params, query]) =>
    Effect.gen(function* () {
      const { client, target } = yield* merged({})
      yield* client.get("/", { params })
      expect(target()).toBe(`/base/?${query}`)
    })
  )

  it.scopedLive.each([
    ["null", { a: null }, '"a" is null'],
    ["a nested object", { a: { b: 1 } }, '"a" is an object'],
    ["a list in a list", { a: [[1]] }, '"a" is an object'],
    ["a Date that is none", { a: new Date(NaN) }, '"a" is an invalid Date'],
    ["a symbol", { a: Symbol.iterator }, '"a" is a symbol'],
    ["text", "a=1", "a record or as pairs"],
    ["a list of no pairs", ["a", 1], "pairs of a name and a value"],
    ["a pair of three", [["a", 1, 2]], "pairs of a name and a value"]
  ])("that make no query are InvalidUrl: %s", ([, params, why]) =>
    Effect.gen(function* () {
      const { client, server } = yield* merged({})
      const error = yield* failsWith(client.get("/", { params: untyped(params) }), "InvalidUrl")
      expect(error.message).toContain(why)
      expect(server.connections).toEqual([])
      const { client: broken } = yield* merged({ params: untyped(params) })
      yield* failsWith(broken.get("/"), "InvalidUrl")
      yield* broken.get("/", { params: null })
    })
  )
})

describe("a base URL", () => {
  it.scopedLive.each([
    ["/users", "/base/users"],
    ["users", "/base/users"],
    ["", "/base/"],
    ["../up", "/up"],
    ["a:b", undefined],
    ["/a:b", "/base/a:b"],
    ["/a%2Fb", "/base/a%2Fb"],
    ["?q=1", "/base/?q=1"]
  ] as const)("has relative URLs under it: %j", ([url, expected]) =>
    Effect.gen(function* () {
      const { client, target } = yield* merged({})
      if (expected === undefined) yield* failsWith(client.get(url), "UnsupportedProtocol")
      else {
        yield* client.get(url)
        expect(target()).toBe(expected)
      }
    })
  )

  it.scopedLive("is not for absolute ones", () =>
    Effect.gen(function* () {
      const { client, server, target } = yield* merged({})
      yield* client.get(server.url("/other"))
      expect(target()).toBe("/other")
    })
  )
})
