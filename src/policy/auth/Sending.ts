/**
 * The requests of one call that an auth sends, one after the other. What it leaves behind is released before it goes on.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { asOpenCall, type Call, type Exchange } from "../../Exchange.js"
import type { AuthError, ReadFailure } from "../../HttpxError.js"
import type { Body } from "../../request/RequestOptions.js"
import { noSettings } from "../../request/Settings.js"
import type { Response } from "../../Response.js"
import type { Outgoing, Send, SendError } from "./Auth.js"
import { authError, consumed } from "./failures.js"

export class Sending {
  private last: Response | undefined = undefined
  /** The body that flows once and has. */
  private streamed: Body<unknown> | undefined = undefined

  constructor(
    readonly exchange: Exchange,
    /** As it came to the auth. */
    readonly request: Outgoing,
    readonly call: Call
  ) {}

  /** Milliseconds of the time of day. */
  get now(): number {
    return this.call.clock?.unsafeCurrentTimeMillis() ?? Date.now()
  }

  readonly send: Send = (request) =>
    Effect.suspend(() => {
      const { body } = request
      if (!request.isRepeatable) {
        if (body === this.streamed) return Effect.fail(consumed(this.request, this.last))
        this.streamed = body
      }
      const next = request.call === this.call ? request : this.joining(request)
      const answered = Effect.map(this.exchange(next), (response) => this.received(response))
      return this.last === undefined ? answered : Effect.zipRight(this.release, answered)
    })

  /** Takes note of an answer, also to a request that was sent without this. Those before it are its history. */
  received(response: Response): Response {
    const { last } = this
    if (last !== undefined) {
      const before = [...last.history, last]
      for (const each of [...response.history, response]) each.follows([...before, ...each.history], each.nextRequest)
    }
    return (this.last = response)
  }

  /** Lets go of the last answer: who waits for something else keeps no connection from it. */
  readonly release: Effect.Effect<void> = Effect.suspend(() => {
    const { last } = this
    // A body that has come stays in memory. The release of any other is waited for, also by who interrupts the call.
    return last === undefined || last.readNow() || last.isClosed ? Effect.void : Effect.uninterruptible(last.close)
  })

  /**
   * Sends a request that is a call of its own, and reads its answer. What `keep` makes of that cannot be lost: no
   * interruption comes between.
   */
  apart<A>(request: Outgoing, keep: (response: Response, body: string) => A): Effect.Effect<A, SendError> {
    const read = (response: Response): Effect.Effect<Exit.Exit<A, ReadFailure>> =>
      Effect.matchCauseEffect(Effect.interruptible(response.text), {
        onFailure: (cause) => Effect.as(response.close, Exit.failCause(cause)),
        onSuccess: (body) => Effect.succeed(Exit.succeed(keep(response, body)))
      })
    return Effect.flatten(asOpenCall(request, this.exchange, read))
  }

  /** What the call fails with where the auth cannot go on. */
  failure(what: string, cause?: unknown): AuthError {
    return authError(this.request, this.last, what, cause)
  }

  /** A request that was made without the call takes the call's timeouts where it has none of its own. */
  private joining(request: Outgoing): Outgoing {
    const { timeouts } = this.request.settings
    return request.over(request.url, undefined, request.headers, { ...noSettings, timeouts }).as(this.call)
  }
}
