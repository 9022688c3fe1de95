/**
 * One coding of a body that is still coming, undone by engines in the thread pool.
 */
import * as Effect from "effect/Effect"
import type { DecodingFailure, Pull } from "../../content/ContentEncoding.js"
import { type Decompressor, type Engine, outputSize } from "./Engine.js"
import { failureOf, Flaw, tooLarge } from "./Flaw.js"
import type { Framing, Want } from "./framings.js"
import { Input } from "./Input.js"

/** A run of an engine in the thread pool. */
interface Run {
  readonly stream: Decompressor
  readonly onOutput: ((bytes: Uint8Array) => void) | undefined
  /** How many bytes it takes at once. */
  readonly most: number
  busy: boolean
  ended: boolean
  error: unknown
  used: number
}

/** One coding of a body that is still coming. All of its state is here, so a pull that is interrupted loses nothing. */
export class Stage {
  readonly input = new Input(new Uint8Array(0), false)
  failure: DecodingFailure | undefined
  #framing: Iterator<Want, void, void> | undefined
  #finished = false
  #run: Run | undefined
  readonly #output: Array<Uint8Array> = []
  #produced = 0
  #changed = false
  #resume: (() => void) | undefined

  constructor(
    readonly coding: string,
    readonly framing: Framing,
    readonly maxBytes: number
  ) {}

  /** Goes as far as it can: to something for the reader, to a want of input, or to a run that is under way. */
  advance(): "ready" | "input" | "running" {
    this.#changed = false
    try {
      while (this.failure === undefined && this.#output.length === 0) {
        const wait = this.#run === undefined ? this.#frame() : this.#attend(this.#run)
        if (wait !== undefined) return wait
      }
    } catch (cause) {
      this.#fail(cause)
    }
    return "ready"
  }

  take(): ReadonlyArray<Uint8Array> {
    return this.#output.splice(0)
  }

  // Without a canceller, which costs more than the wait: a resumption that nobody waits for any more does nothing.
  readonly change: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#changed) resume(Effect.void)
    else this.#resume = () => resume(Effect.void)
  })

  close(): void {
    if (this.#finished && this.input.ended) return
    this.#fail(new Flaw("cannot be decoded further: their decoder is closed"))
    this.#onChange()
  }

  #frame(): "ready" | "input" | undefined {
    if (this.#finished) {
      // What follows the data is ignored, but read: only its end tells that the message is complete.
      this.input.skip(this.input.left)
      return this.input.ended ? "ready" : "input"
    }
    this.#framing ??= this.framing(this.input)
    const next = this.#framing.next()
    if (next.done === true) this.#finished = true
    else if (next.value === "input") return "input"
    else this.#start(next.value.engine, next.value.onOutput)
    return undefined
  }

  #start(engine: Engine, onOutput: Run["onOutput"]): void {
    const stream = engine.stream({ chunkSize: outputSize, readableHighWaterMark: outputSize })
    const run: Run = {
      stream,
      onOutput,
      most: engine.most ?? Infinity,
      busy: false,
      ended: false,
      error: undefined,
      used: 0
    }
    this.#run = run
    stream.on("readable", () => this.#onChange())
    stream.on("end", () => {
      this.#use(run)
      run.ended = true
      this.#onChange()
    })
    stream.on("error", (error) => {
      run.error = error
      this.#onChange()
    })
  }

  #attend(run: Run): "input" | "running" | undefined {
    const bytes = run.stream.read()
    if (bytes !== null) {
      this.#produced += bytes.length
      if (this.#produced > this.maxBytes) throw tooLarge(this.maxBytes)
      run.onOutput?.(bytes)
      this.#output.push(bytes)
      return undefined
    }
    if (run.error !== undefined) throw run.error
    if (run.ended) {
      run.stream.destroy()
      this.#run = undefined
      return undefined
    }
    if (run.busy) return "running"
    if (this.input.left === 0 && !this.input.ended) return "input"
    run.busy = true
    if (this.input.left === 0) run.stream.end()
    else this.#feed(run)
    return "running"
  }

  #feed(run: Run): void {
    const offered = this.input.rest.subarray(0, run.most)
    const before = run.used
    run.stream.write(offered, () => {
      this.#use(run)
      // If the data end inside a piece, its rest is not used, and the end of the stream follows.
      run.busy = run.used - before < offered.length
      this.#onChange()
    })
  }

  #use(run: Run): void {
    this.input.skip(run.stream.bytesWritten - run.used)
    run.used = run.stream.bytesWritten
  }

  #fail(cause: unknown): void {
    this.failure ??= failureOf(this.coding, this.maxBytes, cause)
    this.#run?.stream.destroy()
    this.#run = undefined
  }

  #onChange(): void {
    this.#changed = true
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}

export const stagePull = <E>(stage: Stage, source: Pull<E>): Pull<E | DecodingFailure> => {
  const ready: Effect.Effect<void, E | DecodingFailure> = Effect.suspend(() => {
    switch (stage.advance()) {
      case "ready":
        return stage.failure === undefined ? Effect.void : Effect.fail(stage.failure)
      case "input":
        // Stored in the continuation itself: between two effects a fiber can be interrupted, and the bytes be lost.
        return Effect.flatMap(source, (pieces) => {
          stage.input.append(pieces)
          return ready
        })
      case "running":
        return Effect.flatMap(stage.change, () => ready)
    }
  })
  // Taken by the last effect, whose value no interruption can part from the reader's continuation.
  return Effect.map(ready, () => stage.take())
}
