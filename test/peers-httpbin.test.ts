/** What httpbin sees of requests, and what its answers come to. It is used where it is installed. */
import { describe, expect, layer } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schema, Stream } from "effect"
import { Auth, type Client, Cookies } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { Httpbin, httpbin, layer as running } from "./support/peers/httpbin.js"
import { isMissing } from "./support/peers/Peer.js"
import { live } from "./support/peers/serving.js"
import { clientSockets } from "./support/sockets.js"

/** A client of httpbin, with a transport of its own. */
const client = (options?: Client.ClientOptions) =>
  Effect.flatMap(Httpbin, ({ url }) => connected({}, { baseUrl: url, ...options }))

/** What httpbin tells of a request: of a body what it could make of it. */
const Seen = Schema.Struct({
  method: Schema.optional(Schema.String),
  args: Schema.optional(Schema.Unknown),
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  url: Schema.String,
  form: Schema.optional(Schema.Unknown),
  json: Schema.optional(Schema.Unknown),
  data: Schema.optional(Schema.String)
})

const seen = <E, E2, R>(call: Effect.Effect<{ readonly json: Effect.Effect<unknown, E2> }, E, R>) =>
  call.pipe(
    Effect.flatMap((response) => response.json),
    Effect.flatMap(Schema.decodeUnknown(Seen))
  )

describe.skipIf(isMissing(httpbin))("httpbin", () => {
  layer(
    running,
    live
  )((it) => {
    // ── what is sent

    it.scoped("sees methods, parameters and fields as they were given", () =>
      Effect.gen(function* () {
        const { url } = yield* Httpbin
        const { client: httpx } = yield* client({ headers: { "user-agent": "tests/1" }, params: { of: "client" } })
        const get = yield* seen(httpx.get("/get", { params: { q: ["a b", "ü&="] }, headers: { "X-Own": "1, 2" } }))
        expect(get.args).toEqual({ of: "client", q: ["a b", "ü&="] })
        expect(get.headers).toMatchObject({ "User-Agent": "tests/1", Accept: "*/*", "X-Own": "1, 2" })
        expect(get.headers["Host"]).toBe(new URL(url).host)
        for (const [method, call] of Object.entries({
          POST: httpx.post,
          PUT: httpx.put,
          PATCH: httpx.patch,
          DELETE: httpx.del
        })) {
          expect((yield* seen(call(`/${method.toLowerCase()}`))).url).toBe(`${url}/${method.toLowerCase()}?of=client`)
          expect((yield* seen(call("/anything/deeper"))).method).toBe(method)
        }
        expect((yield* httpx.head("/get")).headers["content-type"]).toBe("application/json")
        expect((yield* httpx.options("/get")).headers["allow"]).toContain("GET")
        expect((yield* httpx.request("TRACE", "/status/200")).status).toBe(200)
        expect((yield* httpx.post("/get")).status).toBe(405)
      })
    )

    it.scoped("sees bodies of each kind", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const value = { text: "žluťoučký kůň \u{1f40e}", list: [1, null, true] }
        const json = yield* seen(httpx.post("/post", { json: value }))
        expect(json.json).toEqual(value)
        expect(json.headers["Content-Type"]).toBe("application/json")

        const form = yield* seen(httpx.put("/put", { form: { a: "b c", many: ["1", "2"], ü: "&=+%" } }))
        expect(form.form).toEqual({ a: "b c", many: ["1", "2"], ü: "&=+%" })

        const text = yield* seen(
          httpx.patch("/patch", { content: "plain ü", headers: { "content-type": "text/plain" } })
        )
        expect(text).toMatchObject({ data: "plain ü", json: null, headers: { "Content-Length": "8" } })

        const bytes = Stream.make(Uint8Array.of(0x61, 0x62), Uint8Array.of(0x63))
        const headers = { "content-length": "3", "content-type": "text/plain" }
        expect((yield* seen(httpx.post("/post", { content: bytes, headers }))).data).toBe("abc")
        expect((yield* seen(httpx.post("/post", { content: new Uint8Array(0) }))).data).toBe("")
      })
    )

    // ── what comes back

    it.scoped("answers with any status, which is no failure until it is asked to be one", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        for (const status of [200, 201, 204, 304, 400, 404, 418, 500, 503]) {
          const response = yield* httpx.get(`/status/${status}`)
          expect(response.status).toBe(status)
          if (status === 418) expect(yield* response.text).toContain("teapot")
          if (status < 300) expect(yield* response.raiseForStatus).toBe(response)
          else expect((yield* failsWith(response.raiseForStatus, "StatusError")).status).toBe(status)
        }
        expect((yield* httpx.post("/status/404")).reasonPhrase).toBe("NOT FOUND")
      })
    )

    it.scoped("answers with the fields that it is asked for, repeated ones one by one", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const response = yield* httpx.get("/response-headers", { params: { "X-One": "1", "X-Two": ["a", "b"] } })
        expect(response.headers["x-one"]).toBe("1")
        expect(response.headers["x-two"]).toBe("a, b")
        expect(response.rawHeaders.filter(([name]) => name === "X-Two").map(([, value]) => value)).toEqual(["a", "b"])
      })
    )

    it.scoped("is only told that nothing has changed, where nothing has", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const first = yield* httpx.get("/etag/v1")
        expect(first.headers["etag"]).toBe("v1")
        const again = yield* httpx.get("/etag/v1", { headers: { "If-None-Match": '"v1"' } })
        expect(again.status).toBe(304)
        expect((yield* again.read).length).toBe(0)
        expect((yield* httpx.get("/cache", { headers: { "If-Modified-Since": "yesterday" } })).status).toBe(304)
      })
    )

    it.scoped.each([
      ["gzip", "gzip", { gzipped: true }],
      ["deflate", "deflate", { deflated: true }],
      ["brotli", "br", { brotli: true }]
    ] as const)("compressed by %s is what it was", ([path, coding, told]) =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const response = yield* httpx.get(`/${path}`)
        expect(response.headers["content-encoding"]).toBe(coding)
        expect(yield* response.json).toMatchObject(told)
        const open = yield* httpx.stream("GET", `/${path}`)
        expect(JSON.parse(yield* Stream.mkString(Stream.decodeText(open.stream)))).toMatchObject(told)
      })
    )

    it.scoped("sends bytes, text and markup whole", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        for (const size of [0, 1, 1024, 100_000]) {
          const response = yield* httpx.get(`/bytes/${size}`, { params: { seed: 7 } })
          expect(response.headers["content-length"]).toBe(String(size))
          expect((yield* response.read).length).toBe(size)
          expect(yield* (yield* httpx.get(`/bytes/${size}`, { params: { seed: 7 } })).read).toEqual(
            yield* response.read
          )
        }
        const utf8 = yield* httpx.get("/encoding/utf8")
        expect(utf8.headers["content-type"]).toContain("utf-8")
        expect(yield* utf8.text).toBe(new TextDecoder().decode(yield* utf8.read))
        expect(yield* (yield* httpx.get("/base64/xb5sdcWlb3XEjWvDvQ==")).text).toBe("žluťoučký")
        expect(yield* (yield* httpx.get("/xml")).text).toContain("<?xml")
        expect(yield* (yield* httpx.get("/links/3/1")).text).toContain("<a href='/links/3/0'>0</a> 1")
        const error = yield* failsWith((yield* httpx.get("/html")).json, "DecodingError")
        expect(error.message).toContain("not JSON")
      })
    )

    it.scoped("sends in chunks what it makes line by line", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const response = yield* httpx.stream("GET", "/stream/20")
        expect(response.headers["transfer-encoding"]).toBe("chunked")
        const lines = yield* Stream.runCollect(Stream.map(response.lines, (line) => JSON.parse(line).id))
        expect(Chunk.toReadonlyArray(lines)).toEqual(Array.from({ length: 20 }, (_, id) => id))
        const bytes = yield* httpx.get("/stream-bytes/50000", { params: { chunk_size: 1000, seed: 7 } })
        expect((yield* bytes.read).length).toBe(50_000)
      })
    )

    it.scoped("sends a part of what it has, and refuses what it has not", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const part = yield* httpx.get("/range/26", { headers: { Range: "bytes=10-19" } })
        expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 10-19/26"])
        expect(yield* part.text).toBe("klmnopqrst")
        const rest = yield* httpx.get("/range/26", { headers: { Range: "bytes=20-" } })
        expect(yield* rest.text).toBe("uvwxyz")
        expect((yield* httpx.get("/range/26", { headers: { Range: "bytes=30-40" } })).status).toBe(416)
        expect(yield* (yield* httpx.get("/range/5")).text).toBe("abcde")
      })
    )

    // ── where it sends on to

    it.scoped.each(["redirect", "relative-redirect", "absolute-redirect"])(
      "redirects as often as it is told: /%s",
      (by) =>
        Effect.gen(function* () {
          const { url } = yield* Httpbin
          const { client: httpx, stats } = yield* client()
          const response = yield* httpx.get(`/${by}/5`, { params: by === "redirect" ? { absolute: "true" } : {} })
          expect([response.status, response.history.length, response.url]).toEqual([200, 5, `${url}/get`])
          const error = yield* failsWith(httpx.get(`/${by}/3`, { followRedirects: { max: 2 } }), "TooManyRedirects")
          expect(error.history.map(({ status }) => status)).toEqual([302, 302, 302])
          expect(yield* stats).toEqual(atRest(0))
        })
    )

    it.scoped.each([
      [302, "GET", ""],
      [303, "GET", ""],
      [307, "PUT", "body"],
      [308, "PUT", "body"]
    ] as const)("redirects by %i to where it is told, and sees %s there", ([status_code, method, data]) =>
      Effect.gen(function* () {
        const { url } = yield* Httpbin
        const { client: httpx } = yield* client()
        const options = { params: { url: "/anything?a=b%20c", status_code }, headers: { "content-type": "text/plain" } }
        const there = yield* seen(httpx.put("/redirect-to", { ...options, content: "body" }))
        expect(there).toMatchObject({ method, data, url: `${url}/anything?a=b%20c`, args: { a: "b c" } })
        expect("Content-Type" in there.headers).toBe(data !== "")
      })
    )

    it.scoped("sees no credentials of another origin, and is not left for a place that is none", () =>
      Effect.gen(function* () {
        const { url } = yield* Httpbin
        const { client: httpx } = yield* client({ headers: { "x-api-key": "s3cret", "x-own": "1" } })
        const other = `${url.replace("127.0.0.1", "localhost")}/get`
        const options = {
          params: { url: other },
          auth: Auth.bearer(Redacted.make("s3cret")),
          cookies: { own: "s3cret" }
        }
        const there = yield* seen(httpx.get("/redirect-to", options))
        expect(there.url).toBe(other)
        expect(there.headers).toMatchObject({ "X-Own": "1" })
        expect(JSON.stringify(there.headers)).not.toContain("s3cret")
        yield* failsWith(httpx.get("/redirect-to", { params: { url: "ftp://127.0.0.1/" } }), "RedirectRefused")
        expect((yield* httpx.get("/status/302", { followRedirects: false })).status).toBe(302)
      })
    )

    // ── cookies

    const Jar = Schema.Struct({ cookies: Schema.Record({ key: Schema.String, value: Schema.String }) })

    const cookiesSeen = <E, E2, R>(call: Effect.Effect<{ readonly json: Effect.Effect<unknown, E2> }, E, R>) =>
      call.pipe(
        Effect.flatMap((response) => response.json),
        Effect.flatMap(Schema.decodeUnknown(Jar)),
        Effect.map(({ cookies }) => cookies)
      )

    it.scoped("is sent the cookies that it sets, and not those that it deletes", () =>
      Effect.gen(function* () {
        const jar = yield* Cookies.make()
        const { client: httpx } = yield* client({ cookies: jar })
        expect(yield* cookiesSeen(httpx.get("/cookies/set/a/1"))).toEqual({ a: "1" })
        expect(yield* cookiesSeen(httpx.get("/cookies/set", { params: { b: "2", c: "x=y z" } }))).toEqual({
          ...{ a: "1", b: "2", c: "x=y z" }
        })
        expect(yield* cookiesSeen(httpx.get("/cookies/delete", { params: { b: "" } }))).toEqual({ a: "1", c: "x=y z" })
        expect(yield* cookiesSeen(httpx.get("/cookies", { cookies: { a: "mine" } }))).toEqual({ a: "mine", c: "x=y z" })
        expect(yield* cookiesSeen(httpx.get("/cookies", { cookies: null }))).toEqual({})
        expect((yield* jar.entries).map(({ name }) => name)).toEqual(["a", "c"])
      })
    )

    it.scoped("is sent none without a jar", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        expect(yield* cookiesSeen(httpx.get("/cookies/set/a/1"))).toEqual({})
        expect(yield* cookiesSeen(httpx.get("/cookies/set/a/1", { cookies: { own: "2" } }))).toEqual({ own: "2" })
      })
    )

    // ── who asks

    const password = Redacted.make("o p:w")

    it.scoped("is told a user and a password, and a token", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const jo = { auth: Auth.basic("jo", password) }
        for (const path of ["basic-auth", "hidden-basic-auth"]) {
          const known = yield* httpx.get(`/${path}/jo/o%20p:w`, jo)
          expect(yield* known.json).toEqual({ authenticated: true, user: "jo" })
          expect((yield* httpx.get(`/${path}/jo/other`, jo)).status).toBe(path === "basic-auth" ? 401 : 404)
        }
        const bearer = yield* httpx.get("/bearer", { auth: Auth.bearer(Redacted.make("t1")) })
        expect(yield* bearer.json).toEqual({ authenticated: true, token: "t1" })
        expect((yield* httpx.get("/bearer")).status).toBe(401)
      })
    )

    // It compares the uri with the path that it has decoded, so that nothing in it may be encoded.
    const pass = Redacted.make("pass")

    it.scoped.each([
      ["auth", "MD5"],
      ["auth", "SHA-256"],
      ["auth-int", "MD5"],
      ["auth-int", "SHA-256"],
      ["none", "MD5"]
    ] as const)("is answered its digest challenge: qop %s, %s", ([qop, algorithm]) =>
      Effect.gen(function* () {
        const { client: httpx, stats } = yield* client()
        const auth = Auth.digest("jo", pass)
        const response = yield* httpx.get(`/digest-auth/${qop}/jo/pass/${algorithm}`, { auth })
        expect(yield* response.json).toEqual({ authenticated: true, user: "jo" })
        expect((yield* httpx.get(`/digest-auth/${qop}/jo/other/${algorithm}`, { auth })).status).toBe(401)
        expect(yield* stats).toEqual(atRest(0))
      })
    )

    it.scoped("is sent its challenge's cookies with the answer to it", () =>
      Effect.gen(function* () {
        const jar = yield* Cookies.make()
        const { client: httpx } = yield* client({ cookies: jar, auth: Auth.digest("jo", pass) })
        const response = yield* httpx.get("/digest-auth/auth/jo/pass/SHA-256/never")
        expect(response.status).toBe(200)
        expect((yield* jar.entries).map(({ name }) => name)).toEqual(["stale_after", "fake"])
      })
    )

    it.scoped("says of an algorithm that is not known here that it is not", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client({ auth: Auth.digest("jo", pass) })
        const error = yield* failsWith(httpx.get("/digest-auth/auth/jo/pass/SHA-512"), "AuthError")
        expect(error.message).toContain("Digest")
      })
    )

    // ── when

    it.scoped("that takes too long is given up, by the whole and by each phase", () =>
      Effect.gen(function* () {
        const { client: httpx, stats } = yield* client()
        const total = yield* failsWith(httpx.get("/delay/2", { timeout: "200 millis" }), "TotalTimeout")
        expect(total).toMatchObject({ limit: 200, phase: "wait", delivery: "unknown" })
        const read = yield* failsWith(httpx.get("/delay/2", { timeout: { read: "200 millis" } }), "ReadTimeout")
        expect(read).toMatchObject({ limit: 200, phase: "wait" })
        const drip = httpx.get("/drip", { params: { numbytes: 5, duration: 5, delay: 0 }, timeout: "500 millis" })
        expect(yield* failsWith(drip, "TotalTimeout")).toMatchObject({ phase: "read", delivery: "answered" })
        expect(yield* stats).toEqual(atRest(0))
      })
    )

    it.scoped("answers many at once, in the order in which they are done", () =>
      Effect.gen(function* () {
        const { client: httpx } = yield* client()
        const parallel = yield* httpx.parallel()
        yield* parallel.get("/delay/0.8", { tag: "late" })
        yield* parallel.get("/delay/0.1", { tag: "soon" })
        const order = [yield* parallel.nextOutcome, yield* parallel.nextOutcome].map(({ pending }) => pending.tag)
        expect(order).toEqual(["soon", "late"])
        const answers = yield* httpx.all(Array.from({ length: 30 }, (_, i) => `/anything/${i}`))
        const paths = yield* Effect.forEach(answers, (answer) => seen(Effect.succeed(answer)))
        expect(paths.map(({ url }) => url.split("/").at(-1))).toEqual(answers.map((_, i) => String(i)))
      })
    )

    it.scoped("closes each connection after its answer, and so does the client", () =>
      Effect.gen(function* () {
        const sockets = yield* clientSockets
        const { client: httpx, stats } = yield* client()
        for (let i = 0; i < 5; i++) {
          const response = yield* httpx.get("/uuid")
          expect(response.headers["connection"]).toBe("close")
        }
        expect(sockets.length).toBe(5)
        yield* eventually(() => sockets.every(({ destroyed }) => destroyed))
        expect(yield* stats).toEqual(atRest(0))
      })
    )
  })
})
