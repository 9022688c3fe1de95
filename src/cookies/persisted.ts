/**
 * Jars that are kept in a `KeyValueStore`.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { CookieJar } from "./CookieJar.js"
import type { CookieError } from "./errors.js"
import type { ExportOptions } from "./kept.js"
import { type CookiesOptions, makeJar } from "./make.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface PersistedOptions extends CookiesOptions, ExportOptions {
  /** The key that the jar is kept under. Default: `cookies`. */
  readonly key?: string | undefined
  /** How long after a change all that has changed is written, in one go. Default: 1 second. */
  readonly saveAfter?: Duration.DurationInput | undefined
}

/** A jar that is read now, and written after changes, by `save`, and when the scope ends. */
export const makePersisted = (
  options: PersistedOptions = {}
): Effect.Effect<CookieJar, CookieError | PlatformError, KeyValueStore.KeyValueStore | Scope.Scope> =>
  Effect.gen(function* () {
    const { key = "cookies", saveAfter = "1 second" } = options
    const storage = yield* KeyValueStore.KeyValueStore
    let changed = false
    const write = Effect.uninterruptibleMask((restore) => {
      if (!changed) return Effect.void
      changed = false
      const written = Effect.flatMap(jar.exportJson(options), (text) => storage.set(key, text))
      return Effect.onError(restore(written), () => Effect.sync(() => (changed = true)))
    })
    // One at a time: an older state must not be written last.
    const save = Effect.unsafeMakeSemaphore(1).withPermits(1)(write)
    // Whatever fails: what has changed by then is written with the next change.
    const saveOrLog = Effect.catchAllCause(save, (cause) => Effect.logWarning("the cookies could not be saved", cause))
    const jar: CookieJar = yield* makeJar(options, save)
    const text = yield* storage.get(key)
    if (Option.isSome(text)) yield* jar.importJson(text.value)
    const changes = yield* Queue.sliding<void>(1)
    jar.watch(() => {
      changed = true
      changes.unsafeOffer(undefined)
    })
    // Runs when the fiber below has been ended, and writes what that has not.
    yield* Effect.addFinalizer(() => saveOrLog)
    yield* Queue.take(changes).pipe(
      Effect.zipRight(Effect.sleep(saveAfter)),
      Effect.zipRight(saveOrLog),
      Effect.forever,
      Effect.forkScoped
    )
    return jar
  })
