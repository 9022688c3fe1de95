/** Connections that are no longer HTTP, and the ways to speak and listen on them. */
import { Effect, Fiber, Option, Stream } from "effect"
import type { Client, Response } from "effect-httpx"
import { connected, eventually } from "./failing.js"
import { halfOpen } from "./halfOpen.js"
import { once, type Script } from "./scripted.js"

export const headers = { connection: "Upgrade", upgrade: "echo" }
export const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

export const bytes = (text: string) => new TextEncoder().encode(text)

/** Switches, and says this in the same segment. */
export const switches = (rest = ""): Script => once(switching + rest)

export const upgrade = (client: Client.Client, url: string) => client.stream("GET", url, { headers })

export const sender = (response: Response.Response) => Option.getOrThrow(response.upgraded)

export const collected = (response: Response.Response) =>
  Stream.runFold(response.raw, "", (text, piece) => text + Buffer.from(piece).toString("latin1"))

/** Begins to read, and gives what has been read until now. */
export const listening = (response: Response.Response) =>
  Effect.gen(function* () {
    const heard = { text: "" }
    yield* Effect.forkScoped(
      Stream.runForEach(response.raw, (piece) =>
        Effect.sync(() => (heard.text += Buffer.from(piece).toString("latin1")))
      )
    )
    return heard
  })

/** A connection that is upgraded, and the other end of it, which can be half-closed. */
export const switched = Effect.gen(function* () {
  const server = yield* halfOpen
  const { client, stats } = yield* connected()
  const fiber = yield* Effect.fork(upgrade(client, server.url))
  yield* eventually(() => server.peers[0]?.received.endsWith("\r\n\r\n") === true)
  const peer = server.peers[0]!
  peer.send(switching)
  return { peer, response: yield* Fiber.join(fiber), stats }
})
