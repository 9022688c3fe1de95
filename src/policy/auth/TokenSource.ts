/**
 * A token that is had from somewhere, kept while it is good, and asked for by one call at a time: the others use what they
 * have, while that is taken, or wait for what that one gets.
 *
 * The one that asks does so in its own fiber. If it is interrupted, another of those that wait asks in its place.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"

export interface Token {
  readonly secret: string
  /** Milliseconds of the time of day from which another one is asked for. */
  readonly renewAt: number
  /** The same from which servers do not take it any more. */
  readonly endsAt: number
}

/** `None` where the one that asked was interrupted. */
type Flight<E> = Deferred.Deferred<Option.Option<Token>, E>

export class TokenSource<E> {
  private flight: Flight<E> | undefined = undefined

  constructor(private current: Token | undefined) {}

  /** The token that is kept, if it is good. */
  goodAt(now: number): Token | undefined {
    return this.current === undefined || now >= this.current.renewAt ? undefined : this.current
  }

  /** The token that is kept, if it is to be replaced, but has not ended. */
  leftAt(now: number): Token | undefined {
    return this.current === undefined || now >= this.current.endsAt ? undefined : this.current
  }

  /** Keeps a token. */
  keep(token: Token): Token {
    return (this.current = token)
  }

  /** A server does not take this token: it is not sent again. */
  refused(token: Token): void {
    if (this.current === token) this.current = undefined
  }

  /** A good token. `ask` has to keep the one that it gets. */
  get<R>(now: () => number, ask: Effect.Effect<Token, E, R>): Effect.Effect<Token, E, R> {
    return Effect.uninterruptibleMask((restore) => {
      const good = this.goodAt(now())
      if (good !== undefined) return Effect.succeed(good)
      if (this.flight === undefined) return this.lead(restore(ask))
      // One call waits for a token in place of one that is still taken; no other has to.
      const left = this.leftAt(now())
      if (left !== undefined) return Effect.succeed(left)
      return Effect.flatMap(restore(Deferred.await(this.flight)), (landed) =>
        Option.isSome(landed) ? Effect.succeed(landed.value) : restore(this.get(now, ask))
      )
    })
  }

  /** Whatever becomes of the one that asks, those that wait hear of it: no interruption comes between. */
  private lead<R>(ask: Effect.Effect<Token, E, R>): Effect.Effect<Token, E, R> {
    const flight: Flight<E> = Deferred.unsafeMake(FiberId.none)
    this.flight = flight
    return Effect.onExit(ask, (exit) =>
      Effect.sync(() => {
        this.flight = undefined
        Deferred.unsafeDone(flight, landing(exit))
      })
    )
  }
}

const landing = <E>(exit: Exit.Exit<Token, E>): Exit.Exit<Option.Option<Token>, E> =>
  Exit.isFailure(exit) && Cause.isInterrupted(exit.cause) ? Exit.succeed(Option.none()) : Exit.map(exit, Option.some)
