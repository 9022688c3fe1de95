/** The spans of calls, and how they are switched. */
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { type Context, Effect, Exit, Option, Stream, Tracer } from "effect"
import { Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { withServer } from "./support/bridge.js"
import { listen, makeRoutes } from "./support/routes.js"

/** A tracer that keeps what it is told. */
const recorder = () => {
  const spans: Array<RecordedSpan> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const span = new RecordedSpan(name, parent, context, links, startTime, kind, spans.length)
      spans.push(span)
      return span
    },
    context: (run) => run()
  })
  return { spans, tracer }
}

class RecordedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly traceId = "0af7651916cd43dd8448eb211c80319c"
  readonly spanId: string
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  status: Tracer.SpanStatus

  constructor(
    readonly name: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Context.Context<never>,
    readonly links: ReadonlyArray<Tracer.SpanLink>,
    readonly startTime: bigint,
    readonly kind: Tracer.SpanKind,
    n: number
  ) {
    this.spanId = `b7ad6b716920333${n}`
    this.status = { _tag: "Started", startTime }
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: this.startTime, endTime, exit }
  }
  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }
  event(): void {}
  addLinks(): void {}
}

/** What a client of `make` sent, and the spans of that. */
const traced = <E, R>(
  use: (client: Client.Client) => Effect.Effect<unknown, E, R>,
  change: (httpClient: HttpClient.HttpClient) => HttpClient.HttpClient = (same) => same
) =>
  Effect.gen(function* () {
    const { spans, tracer } = recorder()
    const received: Array<InProcess.Incoming> = []
    const httpClient = change(
      InProcess.make((request) => {
        received.push(request)
        if (request.path === "/moved") return Effect.succeed({ status: 302, headers: { location: "/end?q=s3cret" } })
        if (request.path === "/never") return Effect.never
        if (request.path.startsWith("/status/")) return Effect.succeed({ status: Number(request.path.slice(8)) })
        if (request.path === "/broken") return Effect.fail("broken")
        return Effect.as(request.body, { status: 201, body: "ok" })
      })
    )
    const client = yield* Effect.provideService(Client.make(), HttpClient.HttpClient, httpClient)
    const exit = yield* Effect.exit(use(client)).pipe(Effect.withTracer(tracer), Effect.withTracerEnabled(true))
    return { spans, received, exit }
  })

const secret = "http://jo:s3cret@in-process.test:8080/users/1?token=s3cret#s3cret"

describe("a call", () => {
  it.effect("is a client span, named after its method, under the caller's", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced((client) =>
        Effect.zipRight(client.get("http://a.test/"), client.post("http://a.test/", { json: 1 })).pipe(
          Effect.withSpan("caller")
        )
      )
      expect(spans.map(({ kind, name }) => [name, kind])).toEqual([
        ["caller", "internal"],
        ["http.client GET", "client"],
        ["http.client POST", "client"]
      ])
      expect(spans[1]?.parent).toEqual(Option.some(spans[0]))
      expect(spans[1]?.status).toMatchObject({ _tag: "Ended", exit: { _tag: "Success" } })
    })
  )

  it.effect("that is redirected is a span for each hop, beside each other", () =>
    Effect.gen(function* () {
      const { received, spans } = yield* traced((client) =>
        Effect.withSpan(client.get("http://a.test/moved"), "caller")
      )
      const [caller, ...hops] = spans
      expect(
        hops.map(({ attributes }) => [attributes.get("url.full"), attributes.get("http.response.status_code")])
      ).toEqual([
        ["http://a.test/moved", 302],
        ["http://a.test/end?q=<redacted>", 201]
      ])
      expect(hops.map(({ parent }) => parent)).toEqual([Option.some(caller), Option.some(caller)])
      expect(hops.map(({ attributes }) => attributes.get("http.request.resend_count"))).toEqual([undefined, 1])
      const ids = received.map(({ headers }) => headers.getAll("traceparent").map((value) => value.split("-")[2]))
      expect(ids).toEqual(hops.map(({ spanId }) => [spanId]))
    })
  )

  it.effect("has attributes that show no secret", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced((client) => client.get(secret, { headers: { "x-api-key": "s3cret" } }))
      expect(Object.fromEntries(spans[0]?.attributes ?? [])).toEqual({
        "http.request.method": "GET",
        "url.full": "http://<redacted>@in-process.test:8080/users/1?token=<redacted>",
        "url.scheme": "http",
        "url.path": "/users/1",
        "server.address": "in-process.test",
        "server.port": 8080,
        "http.response.status_code": 201,
        "network.protocol.version": "1.1"
      })
    })
  )

  it.effect("marks its span with its failure", () =>
    Effect.gen(function* () {
      const { exit, spans } = yield* traced((client) => client.get("http://a.test/broken"))
      expect(exit).toMatchObject(Exit.fail({ _tag: "ReadError" }))
      expect(spans[0]?.status).toMatchObject({ exit: { cause: { _tag: "Fail", error: { _tag: "ReadError" } } } })
      const invalid = yield* traced((client) => client.get("nowhere"))
      expect(invalid.spans[0]?.attributes.has("server.address")).toBe(false)
    })
  )

  it.effect("that is answered with an error has a span that is one, though the call succeeds", () =>
    Effect.gen(function* () {
      const { exit, spans } = yield* traced((client) =>
        Effect.zipRight(client.get("http://a.test/status/404"), client.get("http://a.test/status/399"))
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(spans.map(({ attributes }) => attributes.get("error.type"))).toEqual(["404", undefined])
      expect(spans.map(({ status }) => status)).toMatchObject([
        { exit: { cause: { _tag: "Fail", error: "404" } } },
        { exit: { _tag: "Success" } }
      ])
    })
  )

  it.effect("that fails says with what, and one that is interrupted is no error", () =>
    Effect.gen(function* () {
      const lost = yield* traced((client) => client.get("http://a.test/broken"))
      expect(lost.spans[0]?.attributes.get("error.type")).toBe("ReadError")
      const own = yield* traced((client) => client.post("http://a.test/", { content: Stream.fail("a string") }))
      expect(own.spans[0]?.attributes.get("error.type")).toBe("BodyError")
      const died = yield* traced(
        (client) => client.get("http://a.test/"),
        () => HttpClient.make(() => Effect.die("a bug"))
      )
      expect(died.spans[0]?.attributes.get("error.type")).toBe("_OTHER")
      const left = yield* traced((client) =>
        Effect.interruptible(Effect.race(client.get("http://a.test/never"), Effect.void))
      )
      expect(left.spans[0]?.attributes.has("error.type")).toBe(false)
      expect(left.spans[0]?.status).toMatchObject({ _tag: "Ended" })
    })
  )

  it.effect("sends its span along", () =>
    Effect.gen(function* () {
      const { received, spans } = yield* traced((client) => client.get("http://a.test/"))
      const { spanId, traceId } = spans[0]!
      expect(received[0]?.headers.get("traceparent")).toBe(`00-${traceId}-${spanId}-01`)
      expect(received[0]?.headers.get("b3")).toBe(`${traceId}-${spanId}-1`)
    })
  )
})

describe("the span of a call over a socket", () => {
  const opened = Effect.gen(function* () {
    const { spans, tracer } = recorder()
    const server = yield* withServer()
    const client = yield* Effect.provide(Client.make({ baseUrl: server.url }), server.under)
    const open = (path: string) =>
      client.stream("GET", path).pipe(Effect.withTracer(tracer), Effect.withTracerEnabled(true))
    const endOf = () => spans.at(-1)?.status
    return { ...server, spans, openStream: open, endOf }
  })

  it.scopedLive("names the version of the protocol", () =>
    Effect.gen(function* () {
      const { openStream, spans } = yield* opened
      yield* openStream("/json")
      expect(spans[0]?.attributes.get("network.protocol.version")).toBe("1.1")
    })
  )

  it.scopedLive("ends with the body", () =>
    Effect.gen(function* () {
      const { endOf, open, openStream } = yield* opened
      const response = yield* openStream("/gated?id=span")
      expect(endOf()).toMatchObject({ _tag: "Started" })
      yield* open("span")
      yield* response.read
      expect(endOf()).toMatchObject({ _tag: "Ended", exit: { _tag: "Success" } })
    })
  )

  it.scopedLive("ends with a body that is closed unread, and that is no error", () =>
    Effect.gen(function* () {
      const { endOf, openStream } = yield* opened
      const response = yield* openStream("/endless?id=closed")
      expect(endOf()).toMatchObject({ _tag: "Started" })
      yield* response.close
      expect(endOf()).toMatchObject({ _tag: "Ended", exit: { _tag: "Success" } })
    })
  )

  it.scopedLive("may be ended by a tracer that has a bug: the body comes all the same", () =>
    Effect.gen(function* () {
      const { open, openStream, spans } = yield* opened
      const response = yield* openStream("/gated?id=bug")
      const ended: Array<string> = []
      spans[0]!.end = () => {
        ended.push("a bug")
        throw new Error("a bug")
      }
      yield* open("bug")
      expect(yield* response.text).toBe("one two")
      expect(ended).toEqual(["a bug"])
    })
  )

  it.scopedLive.each(["/broken-length", "/broken-chunked"])("has the failure of a body that is lost: %s", (path) =>
    Effect.gen(function* () {
      const { endOf, openStream, spans } = yield* opened
      const response = yield* openStream(path)
      yield* Effect.flip(response.read)
      expect(spans[0]?.attributes.get("error.type")).toBe("ReadError")
      expect(endOf()).toMatchObject({ exit: { cause: { _tag: "Fail", error: { _tag: "ReadError" } } } })
    })
  )
})

describe("a switch", () => {
  it.effect("turns tracing off for a caller", () =>
    Effect.gen(function* () {
      const { received, spans } = yield* traced((client) =>
        Effect.withTracerEnabled(client.get("http://a.test/"), false)
      )
      expect(spans).toEqual([])
      expect(received[0]?.headers.has("traceparent")).toBe(false)
    })
  )

  it.effect("turns tracing off for some requests: withTracerDisabledWhen", () =>
    Effect.gen(function* () {
      const quiet = HttpClient.currentTracerDisabledWhen
      const { spans } = yield* traced((client) =>
        Effect.all([client.get("http://a.test/health"), client.get("http://a.test/users")]).pipe(
          Effect.locally(quiet, (request) => request.url.endsWith("/health"))
        )
      )
      expect(spans.map((span) => span.attributes.get("url.path"))).toEqual(["/users"])
    })
  )

  it.effect("keeps the span to itself: withTracerPropagation", () =>
    Effect.gen(function* () {
      const { received, spans } = yield* traced((client) =>
        Effect.locally(client.get("http://a.test/"), HttpClient.currentTracerPropagation, false)
      )
      expect(spans.length).toBe(1)
      expect(received[0]?.headers.has("traceparent")).toBe(false)
      expect(received[0]?.headers.has("b3")).toBe(false)
    })
  )

  it.live("keeps no time: withTracerTiming", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced((client) => Effect.withTracerTiming(client.get("http://a.test/"), false))
      expect(spans[0]?.status).toMatchObject({ _tag: "Ended", startTime: 0n, endTime: 0n })
    })
  )

  it.effect("names the span: SpanNameGenerator", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced((client) =>
        client
          .get("http://a.test/users/1")
          .pipe(Effect.provideService(HttpClient.SpanNameGenerator, (request) => `${request.method} to a.test`))
      )
      expect(spans[0]?.name).toBe("GET to a.test")
    })
  )

  it.effect("works on the platform's side too", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const httpClient = InProcess.make(() => Effect.succeed({})).pipe(
        HttpClient.withTracerDisabledWhen((request) => request.method === "HEAD"),
        HttpClient.withSpanNameGenerator((request) => `own ${request.method}`)
      )
      yield* Effect.zipRight(httpClient.head("http://a.test/"), httpClient.get("http://a.test/")).pipe(
        Effect.withTracer(tracer),
        Effect.withTracerEnabled(true)
      )
      expect(spans.map((span) => span.name)).toEqual(["own GET"])
    })
  )
})

describe("over a client that is not ours", () => {
  it.scopedLive("a call has one span, ours, which shows no secret", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const url = yield* listen(makeRoutes().handler)
      const client = yield* Effect.provide(Client.make(), FetchHttpClient.layer)
      const response = yield* client
        .get(`${url}/echo?token=s3cret`, { headers: { "x-auth-token": "s3cret" } })
        .pipe(Effect.withTracer(tracer), Effect.withTracerEnabled(true))
      expect(spans.map((span) => span.name)).toEqual(["http.client GET"])
      expect(JSON.stringify([...(spans[0]?.attributes ?? [])])).not.toContain("s3cret")
      expect(yield* response.text).toContain("traceparent")
    })
  )
})
