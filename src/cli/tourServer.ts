/** The server that the tour talks to: it counts, by path, the requests that arrived and those that were aborted. */
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { createServer, type ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"

/** What the server saw of a path. */
export interface Visits {
  readonly arrived: number
  readonly aborted: number
}

/** A server that is listening. */
export class TourServer extends Context.Tag("effect-httpx/cli/TourServer")<
  TourServer,
  {
    readonly origin: string
    /** What the server has seen of a path, as soon as that satisfies the condition; after 5 seconds, as it is. */
    readonly seen: (path: string, until: (visits: Visits) => boolean) => Effect.Effect<Visits>
  }
>() {}

type Log = Readonly<Record<string, Visits>>

const none: Visits = { arrived: 0, aborted: 0 }

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const page = "<!doctype html><title>Example</title><p>Hello from the other end of the loopback.</p>\n"

const poem = ["Tyger Tyger, burning bright,\n", "In the forests of the night;\n", "What immortal hand or eye,\n"]

/** A text that compresses well. */
const story = "It was a dark and stormy night. ".repeat(1_250)

const routes = HttpRouter.empty.pipe(
  HttpRouter.get("/", HttpServerResponse.html(page)),
  HttpRouter.get(
    "/poem",
    HttpServerResponse.stream(
      Stream.fromIterable(poem).pipe(
        Stream.map(utf8),
        Stream.mapEffect((line) => Effect.delay(Effect.succeed(line), "25 millis"))
      ),
      { contentType: "text/plain" }
    )
  ),
  HttpRouter.get(
    "/endless",
    HttpServerResponse.stream(Stream.repeatEffect(Effect.delay(Effect.succeed(new Uint8Array(1_024)), "5 millis")))
  ),
  HttpRouter.get(
    "/story",
    HttpServerResponse.uint8Array(gzipSync(story), {
      headers: { "content-encoding": "gzip", "content-type": "text/plain" }
    })
  ),
  HttpRouter.get(
    "/after/:ms",
    Effect.flatMap(HttpRouter.params, ({ ms }) => Effect.delay(HttpServerResponse.text(`after ${ms} ms`), Number(ms)))
  )
)

/** Ends with whether the client went away before the answer was complete. */
const aborted = (response: ServerResponse): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    response.once("close", () => resume(Effect.succeed(!response.writableEnded)))
  })

const counting = (log: SubscriptionRef.SubscriptionRef<Log>) =>
  HttpMiddleware.make((app) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const count = (what: keyof Visits) =>
        SubscriptionRef.update(log, (log) => {
          const visits = log[request.url] ?? none
          return { ...log, [request.url]: { ...visits, [what]: visits[what] + 1 } }
        })
      const watching = Effect.if(aborted(NodeHttpServerRequest.toServerResponse(request)), {
        onTrue: () => count("aborted"),
        onFalse: () => Effect.void
      })
      return Effect.zipRight(Effect.zipRight(count("arrived"), Effect.forkDaemon(watching)), app)
    })
  )

/** Listens on a free port of the loopback interface. */
export const layer = Layer.unwrapEffect(
  Effect.map(SubscriptionRef.make<Log>({}), (log) => {
    const seen = (path: string, until: (visits: Visits) => boolean): Effect.Effect<Visits> =>
      log.changes.pipe(
        Stream.map((log) => log[path] ?? none),
        Stream.filter(until),
        Stream.runHead,
        Effect.timeoutOption("5 seconds"),
        Effect.flatMap((visits) =>
          Option.match(Option.flatten(visits), {
            onNone: () => Effect.map(SubscriptionRef.get(log), (log) => log[path] ?? none),
            onSome: Effect.succeed
          })
        )
      )
    const listening = Layer.effect(
      TourServer,
      HttpServer.addressFormattedWith((origin) => Effect.succeed({ origin, seen }))
    )
    return Layer.mergeAll(HttpServer.serve(routes, counting(log)), listening).pipe(
      Layer.provide(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 })),
      Layer.orDie
    )
  })
)
