/**
 * How far an upload is: a count that one side raises, and that any number of readers follow, each at its own pace. Who is
 * slow misses numbers in between, and holds up nobody.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/**
 * @since 0.1.0
 * @category models
 */
export interface UploadProgress {
  /** Bytes that the connection has taken. */
  readonly sent: number
  /** Bytes in all, where that is known. */
  readonly total: number | undefined
}

export class Progress {
  private sent = 0
  private begun = false
  private over = false
  private readonly waiting = new Set<() => void>()

  constructor(private readonly total: number | undefined) {}

  /** A run begins, from nothing. */
  begin(): void {
    this.sent = 0
    this.begun = true
    this.over = false
    this.wake()
  }

  add(bytes: number): void {
    this.sent += bytes
    this.wake()
  }

  end(): void {
    this.over = true
    this.wake()
  }

  /** From where it is now to the end of the run. */
  get stream(): Stream.Stream<UploadProgress> {
    return Stream.suspend(() => {
      let seen: number | undefined
      const next: Effect.Effect<UploadProgress, Option.Option<never>> = Effect.suspend(() => {
        const { begun, over, sent, total } = this
        if (begun && sent !== seen) {
          seen = sent
          return Effect.succeed({ sent, total })
        }
        return over ? Effect.fail(Option.none()) : Effect.zipRight(this.change, next)
      })
      return Stream.repeatEffectOption(next)
    })
  }

  private get change(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const wake = () => resume(Effect.void)
      this.waiting.add(wake)
      return Effect.sync(() => this.waiting.delete(wake))
    })
  }

  private wake(): void {
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }
}
