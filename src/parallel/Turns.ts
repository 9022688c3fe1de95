/**
 * Whose turn it is: those that wait to run, in order, and how many run.
 *
 * Those whose origin is full stand aside, in a queue of their origin, so that they hold up no other; when a place of their
 * origin is free they are before all that came later. Each step costs the same, however many wait.
 */
import type { Clock } from "effect/Clock"
import { isTargetProblem, parseTarget } from "../protocol/target.js"
import { Fifo } from "../transport/Fifo.js"
import type { BlockSettings } from "./BlockOptions.js"
import { Pace } from "./Pace.js"
import type { PendingRecord } from "./PendingRecord.js"

/**
 * Which of those that wait has its turn before others.
 *
 * @since 0.1.0
 * @category models
 */
export type Priority = "high" | "normal" | "low"

/** The requests of one origin. */
export class OriginTurns {
  running = 0
  readonly waiting = new Fifo<PendingRecord>()

  constructor(readonly key: string) {}
}

export class Turns {
  private running = 0
  private readonly queued = new Fifo<PendingRecord>()
  /** What few blocks need is made when it is needed. */
  private high: Fifo<PendingRecord> | undefined = undefined
  private low: Fifo<PendingRecord> | undefined = undefined
  /** Those that waited for a place of their origin and may have it. */
  private called: Fifo<PendingRecord> | undefined = undefined
  private readonly origins: Map<string, OriginTurns> | undefined
  private readonly pace: Pace | undefined

  constructor(
    private readonly settings: BlockSettings,
    clock: Clock | undefined,
    /** Is told that somebody may have a turn who had none a moment ago. */
    private readonly onTurn: () => void
  ) {
    this.origins = settings.perOrigin === Infinity ? undefined : new Map()
    this.pace = settings.rate === undefined ? undefined : new Pace(settings.rate, clock)
  }

  push(record: PendingRecord, priority: Priority): void {
    if (priority === "normal") this.queued.push(record)
    else if (priority === "high") (this.high ??= new Fifo()).push(record)
    else (this.low ??= new Fifo()).push(record)
  }

  /** Takes out who has the next turn, and counts it as running. */
  next(): PendingRecord | undefined {
    while (this.running < this.settings.concurrency) {
      const record = this.first
      if (record === undefined || this.pace?.admits(this.onTurn) === false) return undefined
      const wasCalled = record.queue === this.called
      record.queue?.remove(record)
      if (this.origins !== undefined && !this.enters(record, this.origins, wasCalled)) continue
      this.pace?.begin()
      this.running++
      return record
    }
    return undefined
  }

  /** One that had its turn has left its place. */
  done(record: PendingRecord): void {
    this.running--
    const { origin } = record
    if (origin === undefined) return
    record.origin = undefined
    origin.running--
    const { first } = origin.waiting
    if (first !== undefined) {
      origin.waiting.remove(first)
      ;(this.called ??= new Fifo()).push(first)
    } else if (origin.running === 0) {
      this.origins?.delete(origin.key)
    }
  }

  /** Takes out everybody that waits. */
  *drain(): Generator<PendingRecord> {
    const queues = [this.high, this.called, this.queued, this.low]
    for (const origin of this.origins?.values() ?? []) queues.push(origin.waiting)
    for (const queue of queues) {
      for (let record = queue?.first; record !== undefined; record = queue?.first) {
        queue?.remove(record)
        yield record
      }
    }
  }

  close(): void {
    this.pace?.close()
  }

  private get first(): PendingRecord | undefined {
    return this.high?.first ?? this.called?.first ?? this.queued.first ?? this.low?.first
  }

  /** Takes a place of the record's origin, or has the record wait for one. */
  private enters(record: PendingRecord, origins: Map<string, OriginTurns>, wasCalled: boolean): boolean {
    const key = originOf(record)
    if (key === undefined) return true
    let origin = origins.get(key)
    if (origin === undefined) origins.set(key, (origin = new OriginTurns(key)))
    if (origin.running < this.settings.perOrigin) {
      origin.running++
      record.origin = origin
      return true
    }
    if (wasCalled) origin.waiting.unshift(record)
    else origin.waiting.push(record)
    return false
  }
}

/** Not remembered by the request: what waits is to be small. */
const originOf = ({ request }: PendingRecord): string | undefined => {
  if (request === undefined) return undefined
  const target = parseTarget(request.url)
  return isTargetProblem(target) ? undefined : target.origin
}
