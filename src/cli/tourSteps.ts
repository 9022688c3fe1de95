/** The steps of the tour: what HTTPX's document of 2019 says, what it is here, and what really happens. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { gunzipSync } from "node:zlib"
import { type Client, type HttpxError, type Parallel } from "../index.js"
import { counted } from "../observe/quantities.js"
import { print } from "./terminal.js"
import { TourServer, type Visits } from "./tourServer.js"

export interface Step {
  readonly title: string
  /** The document's lines. */
  readonly python: ReadonlyArray<string>
  /** Ours, as in `run`. */
  readonly typescript: ReadonlyArray<string>
  /** Runs in a scope of its own. */
  readonly run: (
    client: Client.Client
  ) => Effect.Effect<void, HttpxError.HttpxError | Parallel.AnyFailure | HttpxError.NoPendingResponses, StepContext>
}

type StepContext = TourServer | Scope.Scope

const say = (text: string): Effect.Effect<void> => print(`     →  ${text}`)

const aRequest: Step = {
  title: "A request",
  python: ["r = await client.get('https://www.example.com/')"],
  typescript: ['const r = yield* client.get("/")'],
  run: (client) =>
    Effect.gen(function* () {
      const r = yield* client.get("/")
      const html = yield* r.text
      yield* say(`${r.status} ${r.reasonPhrase}, ${r.httpVersion}, ${r.headers["content-type"]}`)
      yield* say(`${counted(html.length, "character")}: ${excerpt(html)}`)
    })
}

const aStream: Step = {
  title: "A body chunk by chunk, closed by a finalizer",
  python: [
    "r = await client.get('https://www.example.com/', stream=True)",
    "try:",
    "    async for chunk in r.stream():",
    "        ...",
    "finally:",
    "    await r.close()"
  ],
  typescript: [
    "yield* Effect.scoped(Effect.gen(function* () {",
    '  const r = yield* client.stream("GET", "/poem")',
    "  yield* Stream.runForEach(r.stream, (chunk) => …)",
    "}))  // the scope's finalizer closes r, however it is left"
  ],
  run: (client) =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(
        Effect.gen(function* () {
          const r = yield* client.stream("GET", "/poem")
          yield* say(`${r.status} ${r.reasonPhrase}, the body is open`)
          yield* Stream.runForEach(r.stream, (chunk) =>
            say(`chunk of ${counted(chunk.length, "byte")}: ${excerpt(new TextDecoder().decode(chunk))}`)
          )
          return Effect.sync(() => r.isClosed)
        })
      )
      yield* say(`out of the scope: closed is ${yield* closed}`)
    })
}

const closedEarly: Step = {
  title: "The same, closed early",
  python: ["await r.close()"],
  typescript: ['const r = yield* client.stream("GET", "/endless")', "yield* Stream.runDrain(Stream.take(r.stream, 3))"],
  run: (client) =>
    Effect.gen(function* () {
      const server = yield* TourServer
      const r = yield* client.stream("GET", "/endless")
      const taken = yield* Stream.runCount(Stream.take(r.stream, 3))
      yield* say(`took ${counted(taken, "chunk")} of a body that has no end; closed is ${r.isClosed}`)
      yield* say(serverSaw(yield* server.seen("/endless", ({ aborted }) => aborted === 1)))
    })
}

const rawAndStream: Step = {
  title: "What is on the wire, and what it means",
  python: [".read()", ".stream()", ".raw()"],
  typescript: ["r.read    // the whole body", "r.stream  // decoded, chunk by chunk", "r.raw     // as on the wire"],
  run: (client) =>
    Effect.gen(function* () {
      const read = yield* Effect.flatMap(client.stream("GET", "/story"), (r) => r.read)
      const stream = yield* Effect.flatMap(client.stream("GET", "/story"), (r) => collected(r.stream))
      const r = yield* client.stream("GET", "/story")
      const raw = yield* collected(r.raw)
      const same = Buffer.compare(read, stream) === 0 && Buffer.compare(read, gunzipSync(raw)) === 0
      yield* say(`read    ${counted(read.length, "byte")} of ${r.headers["content-type"]}`)
      yield* say(`stream  ${counted(stream.length, "byte")} of ${r.headers["content-type"]}`)
      yield* say(`raw     ${counted(raw.length, "byte")} of ${r.headers["content-encoding"]}`)
      yield* say(`unpacked by hand, raw is the same text: ${same}`)
    })
}

const getResponse: Step = {
  title: "Requests in parallel, each answer by its handle",
  python: [
    "async with client.parallel() as parallel:",
    "    pending_one = parallel.get('https://example.com/1')",
    "    pending_two = parallel.get('https://example.com/2')",
    "    response_one = await pending_one.get_response()",
    "    response_two = await pending_two.get_response()"
  ],
  typescript: [
    "const parallel = yield* client.parallel()",
    'const pendingOne = yield* parallel.get("/after/20")',
    'const pendingTwo = yield* parallel.get("/after/60")',
    "const responseTwo = yield* pendingTwo.getResponse  // in any order",
    "const responseOne = yield* pendingOne.getResponse"
  ],
  run: (client) =>
    Effect.gen(function* () {
      const parallel = yield* client.parallel()
      const pendingOne = yield* parallel.get("/after/20")
      const pendingTwo = yield* parallel.get("/after/60")
      const responseTwo = yield* pendingTwo.getResponse
      const [waited, responseOne] = yield* Effect.timed(pendingOne.getResponse)
      yield* say(`two: ${responseTwo.status}, ${yield* responseTwo.text}`)
      const more = Math.round(Duration.toMillis(waited))
      yield* say(`one: ${responseOne.status}, ${yield* responseOne.text}; it was there, ${more} ms more to wait`)
    })
}

const delays = [90, 10, 50, 30, 70]

const nextResponse: Step = {
  title: "Requests in parallel, whichever answer comes next",
  python: [".next_response()"],
  typescript: [
    `yield* Effect.forEach([${delays.join(", ")}], (ms) => parallel.get(\`/after/\${ms}\`, { tag: ms }))`,
    "while (yield* parallel.hasPendingResponses) {",
    "  const response = yield* parallel.nextResponse",
    "}"
  ],
  run: (client) =>
    Effect.gen(function* () {
      const parallel = yield* client.parallel()
      yield* Effect.forEach(delays, (ms) => parallel.get(`/after/${ms}`, { tag: ms }))
      const completed: Array<unknown> = []
      while (yield* parallel.hasPendingResponses) {
        const response = yield* parallel.nextResponse
        completed.push(response.request.tag)
      }
      yield* say(`submitted: ${delays.join("  ")}`)
      yield* say(`completed: ${completed.join("  ")}`)
    })
}

const leftEarly: Step = {
  title: "A parallel block that is left early",
  python: ["async with client.parallel() as parallel:", "    ..."],
  typescript: [
    "yield* Effect.scoped(Effect.gen(function* () {",
    "  const parallel = yield* client.parallel()",
    '  … four times parallel.get("/after/60000"), and once parallel.get("/after/10")',
    "  return yield* parallel.nextResponse",
    "}))  // leaving aborts what runs, and waits for it"
  ],
  run: (client) =>
    Effect.gen(function* () {
      const server = yield* TourServer
      const [first, slow] = yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          const slow = yield* parallel.get("/after/60000")
          yield* Effect.replicateEffect(parallel.get("/after/60000"), 3)
          yield* server.seen("/after/60000", ({ arrived }) => arrived === 4)
          yield* parallel.get("/after/10")
          return [yield* parallel.nextResponse, slow] as const
        })
      )
      yield* say(`first: ${first.status}, ${yield* first.text}`)
      yield* say(serverSaw(yield* server.seen("/after/60000", ({ aborted }) => aborted === 4)))
      const late = yield* Effect.either(slow.getResponse)
      yield* say(
        `asked for afterwards, ${Either.isLeft(late) ? `${late.left._tag}: ${late.left.message}` : "answered"}`
      )
    })
}

export const steps: ReadonlyArray<Step> = [
  aRequest,
  aStream,
  closedEarly,
  rawAndStream,
  getResponse,
  nextResponse,
  leftEarly
]

const serverSaw = ({ aborted, arrived }: Visits): string =>
  `the server saw ${counted(arrived, "request")} arrive, and ${aborted} of them aborted`

const excerpt = (text: string): string => JSON.stringify(text.length > 48 ? `${text.slice(0, 48)}…` : text)

const collected = <E>(bytes: Stream.Stream<Uint8Array, E>): Effect.Effect<Uint8Array, E> =>
  Effect.map(Stream.runCollect(bytes), (chunks) => Buffer.concat([...chunks]))
