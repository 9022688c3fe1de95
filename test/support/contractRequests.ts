/** What reaches the server. */
import { HttpClientRequest } from "@effect/platform"
import { expect } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Client, Request } from "effect-httpx"
import type { Cases } from "./contract.js"
import { echoed, fieldsOf, Server } from "./routes.js"

const encoder = new TextEncoder()

export const requestCases: Cases = (it, can) => {
  it.effect("every verb reaches the server as itself", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      expect((yield* echoed(client.get("/echo"))).method).toBe("GET")
      expect((yield* echoed(client.options("/echo"))).method).toBe("OPTIONS")
      expect((yield* echoed(client.post("/echo"))).method).toBe("POST")
      expect((yield* echoed(client.put("/echo"))).method).toBe("PUT")
      expect((yield* echoed(client.patch("/echo"))).method).toBe("PATCH")
      expect((yield* echoed(client.del("/echo"))).method).toBe("DELETE")
      expect((yield* echoed(client.request("PROPFIND", "/echo"))).method).toBe("PROPFIND")
      expect((yield* echoed(client.request("delete", "/echo"))).method).toBe("DELETE")
      expect((yield* client.head("/echo")).status).toBe(200)
    })
  )

  it.effect("a query arrives as it was written", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const query = "?a=b%20c&sig=x%2Fy~z!*()&flag&e=&plus=+&a=2"
      expect((yield* echoed(client.get(`/echo${query}`))).target).toBe(`/echo${query}`)
      expect((yield* echoed(client.get("/echo?"))).target).toMatch(/^\/echo\??$/)
      if (can.queryAsWritten) expect((yield* echoed(client.get("/echo?q='|^"))).target).toBe("/echo?q='|^")
    })
  )

  it.effect("params are appended to the query", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const params = { b: "x y", c: ["1", "2"], d: "", e: undefined, f: 3, g: true, h: "~!*()" }
      const { target } = yield* echoed(client.get("/echo?a=b%20c", { params }))
      expect(target).toBe("/echo?a=b%20c&b=x%20y&c=1&c=2&d=&f=3&g=true&h=~!*()")
      expect(
        (yield* echoed(
          client.get("/echo", {
            params: [
              ["k", "1"],
              ["k", "2"]
            ]
          })
        )).target
      ).toBe("/echo?k=1&k=2")
      expect((yield* echoed(client.get("/echo", { params: {} }))).target).toBe("/echo")
    })
  )

  it.effect("a fragment is never sent", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      expect((yield* echoed(client.get("/echo?x=1#part?y"))).target).toBe("/echo?x=1")
      expect((yield* echoed(client.get("/echo#part", { params: { x: 1 } }))).target).toBe("/echo?x=1")
    })
  )

  it.effect("json is sent with its type and length", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const echo = yield* echoed(client.post("/echo", { json: { name: "Ädä", tags: [1, null] } }))
      expect(echo.body).toBe('{"name":"Ädä","tags":[1,null]}')
      expect(fieldsOf(echo, "content-type")).toEqual(["application/json"])
      if (can.sockets) expect(fieldsOf(echo, "content-length")).toEqual(["32"])
    })
  )

  it.effect("a content-type of the caller is kept", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const headers = { "Content-Type": "application/vnd.x+json" }
      const echo = yield* echoed(client.put("/echo", { json: 1, headers }))
      expect(fieldsOf(echo, "content-type")).toEqual(["application/vnd.x+json"])
    })
  )

  it.effect("a form is sent form-encoded", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const echo = yield* echoed(client.post("/echo", { form: { a: "x y&z", b: ["1", "ü~"] } }))
      expect(echo.body).toBe("a=x+y%26z&b=1&b=%C3%BC%7E")
      expect(fieldsOf(echo, "content-type")).toEqual(["application/x-www-form-urlencoded"])
    })
  )

  it.effect("content is sent as it is, with no type added", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const text = yield* echoed(client.post("/echo", { content: "grüß" }))
      expect(text.body).toBe("grüß")
      expect(fieldsOf(text, "content-type")).toEqual([])
      const bytes = yield* echoed(client.patch("/echo", { content: encoder.encode("bytes") }))
      expect(bytes.body).toBe("bytes")
      expect(fieldsOf(bytes, "content-type")).toEqual([])
      const empty = yield* echoed(client.post("/echo", { content: "" }))
      expect(empty.body).toBe("")
      const typed = yield* echoed(client.post("/echo", { content: "a,b", headers: { "content-type": "text/csv" } }))
      expect(fieldsOf(typed, "content-type")).toEqual(["text/csv"])
    })
  )

  it.effect("content that is a stream is sent in pieces", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const content = Stream.make("one ", "", "two ", "three").pipe(Stream.map((piece) => encoder.encode(piece)))
      const echo = yield* echoed(client.post("/echo", { content }))
      expect(echo.body).toBe("one two three")
      expect(fieldsOf(echo, "content-type")).toEqual([])
      if (can.sockets) expect(fieldsOf(echo, "transfer-encoding")).toEqual(["chunked"])
    })
  )

  it.effect("a body stream runs in the context of its caller", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const content = Stream.fromEffect(Effect.map(Server, ({ url }) => encoder.encode(url)))
      const echo = yield* echoed(client.post("/echo", { content }))
      expect(echo.body).toBe((yield* Server).url)
    })
  )

  it.effect("a body stream that fails is a BodyError with its error", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const content = Stream.concat(Stream.make(encoder.encode("some")), Stream.fail({ mine: true }))
      const error = yield* Effect.flip(client.post("/echo", { content }))
      expect(error._tag).toBe("BodyError")
      if (error._tag === "BodyError") expect(error.error).toEqual({ mine: true })
    })
  )

  it.effect("fields of a call replace the client's of the same name, in any case", () =>
    Effect.gen(function* () {
      const headers = { "x-both": "client", "x-client": "client", accept: "text/plain" }
      const client = yield* Client.make({ baseUrl: (yield* Server).url, headers })
      const echo = yield* echoed(client.get("/echo", { headers: { "X-Both": "call", "X-Call": "call" } }))
      expect(fieldsOf(echo, "x-both")).toEqual(["call"])
      expect(fieldsOf(echo, "x-client")).toEqual(["client"])
      expect(fieldsOf(echo, "x-call")).toEqual(["call"])
      expect(fieldsOf(echo, "accept")).toEqual(["text/plain"])
      expect(fieldsOf(echo, "user-agent")[0]).toMatch(/^effect-httpx\//)
    })
  )

  it.effect("a repeated field arrives with all its values", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const echo = yield* echoed(client.get("/echo", { headers: { "X-Two": ["a", "b"], "x-left-out": undefined } }))
      expect(fieldsOf(echo, "x-two").join(", ")).toBe("a, b")
      expect(fieldsOf(echo, "x-left-out")).toEqual([])
      if (!can.fieldsAsWritten) return
      const headers = [
        ["X-Two", "a"],
        ["x-Other", "o"],
        ["x-two", "b"]
      ] as const
      const pairs = (yield* echoed(client.get("/echo", { headers }))).headers
      expect(pairs.filter(([name]) => /^x-/i.test(name))).toEqual(headers)
    })
  )

  it.effect("params and fields of the client are sent with each request", () =>
    Effect.gen(function* () {
      const { url } = yield* Server
      const client = yield* Client.make({ baseUrl: url, params: { key: "k v" } })
      expect((yield* echoed(client.get("/echo?a=1", { params: { b: 2 } }))).target).toMatch(
        /^\/echo\?a=1&(key=k%20v&b=2|b=2&key=k%20v)$/
      )
    })
  )

  it.effect("a relative URL is put under the base URL", () =>
    Effect.gen(function* () {
      const { url } = yield* Server
      const targetOf = (baseUrl: string, relative: string) =>
        Effect.flatMap(Client.make({ baseUrl }), (client) =>
          Effect.map(echoed(client.get(relative)), (echo) => echo.target)
        )
      expect(yield* targetOf(`${url}/v1`, "/p")).toBe("/v1/p")
      expect(yield* targetOf(`${url}/v1/`, "p")).toBe("/v1/p")
      expect(yield* targetOf(`${url}/v1`, "")).toBe("/v1/")
      expect(yield* targetOf(`${url}/v1`, "?q=1")).toBe("/v1/?q=1")
      expect(yield* targetOf(`${url}/v1`, "../p")).toBe("/p")
      expect(yield* targetOf(`${url}/v1?key=1`, "p?q=2")).toBe("/v1/p?key=1&q=2")
      expect(yield* targetOf(`${url}/v1`, `${url}/absolute`)).toBe("/absolute")
    })
  )

  it.effect("a URL that would leave the base's host unseen is refused", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const error = yield* Effect.flip(client.get("//elsewhere.test/p"))
      expect(error).toMatchObject({ _tag: "InvalidUrl", delivery: "unsent", phase: "prepare" })
    })
  )

  it.effect("what cannot be sent fails before anything is", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const tagOf = <E extends { readonly _tag: string }>(call: Effect.Effect<unknown, E>) =>
        Effect.map(Effect.flip(call), (error) => error._tag)
      const cyclic: Record<string, unknown> = {}
      cyclic["self"] = cyclic
      expect(yield* tagOf(client.get("http://"))).toBe("InvalidUrl")
      expect(yield* tagOf(client.get("ftp://host/file"))).toBe("UnsupportedProtocol")
      expect(yield* tagOf(client.request("GET /", "/echo"))).toBe("LocalProtocolError")
      expect(yield* tagOf(client.get("/echo", { headers: { "x-a": "b\r\nx-forged: 1" } }))).toBe("LocalProtocolError")
      expect(yield* tagOf(client.get("/echo", { headers: { "x a": "b" } }))).toBe("LocalProtocolError")
      expect(yield* tagOf(client.post("/echo", { json: cyclic }))).toBe("LocalProtocolError")
      expect(yield* tagOf(client.post("/echo", { json: () => 1 }))).toBe("LocalProtocolError")
    })
  )

  it.effect("form data of the platform's requests is sent", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const form = new FormData()
      form.append("name", "Ada")
      const request = HttpClientRequest.post(`${(yield* Server).url}/echo`)
      const echo = yield* echoed(client.send(HttpClientRequest.bodyFormData(request, form)))
      const [boundary] = /(?<=boundary=).*/.exec(fieldsOf(echo, "content-type")[0] ?? "") ?? []
      expect(echo.body).toContain(`--${boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda`)
    })
  )

  it.effect("a request made beforehand is sent as it is, as often as wanted", () =>
    Effect.gen(function* () {
      const { url } = yield* Server
      const client = yield* Client.Client
      const request = Request.make("PUT", `${url}/echo`, { json: [1], params: { a: 1 } })
      for (const _ of [1, 2]) {
        const echo = yield* echoed(client.send(request))
        expect(echo).toMatchObject({ method: "PUT", target: "/echo?a=1", body: "[1]" })
      }
    })
  )
}
