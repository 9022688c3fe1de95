/**
 * The items of an input as requests of a block: submitted as long as there is room, and their outcomes given out.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as HttpxError from "../HttpxError.js"
import type { Response } from "../Response.js"
import type { Block } from "./Block.js"
import { PendingRecord } from "./PendingRecord.js"
import type { Work } from "./Work.js"

/**
 * The outcome of a request that was made from an item of an input.
 *
 * @since 0.1.0
 * @category models
 */
export interface OverOutcome<out A, out E> {
  readonly input: A
  /** Its place in the input, from 0 on. */
  readonly index: number
  readonly exit: Exit.Exit<Response, E>
}

/** A record that knows what it was made from. */
class ItemRecord<A> extends PendingRecord {
  constructor(
    block: Block,
    request: PendingRecord["request"],
    work: Work,
    readonly input: A,
    readonly index: number
  ) {
    super(block, request, work)
  }
}

export class Intake<A, E> {
  /** In the order of the input, if outcomes are to come in that. */
  private readonly order: Array<ItemRecord<A>> | undefined
  /** Where the next to be given out is in there. */
  private front = 0
  private submitted = 0

  constructor(
    private readonly block: Block,
    private readonly request: (item: A, index: number) => PendingRecord["request"],
    private readonly work: Work,
    /** How many may be under way, or wait to be taken. */
    private readonly limit: number,
    ordered: boolean
  ) {
    this.order = ordered ? [] : undefined
  }

  /** `held` are those pending that only stand for what may come. */
  hasRoom(held: number): boolean {
    return this.block.results.pendingCount - held < this.limit
  }

  submit(item: A, submitter: Fiber.RuntimeFiber<unknown, unknown>): void {
    const index = this.submitted++
    const record = new ItemRecord(this.block, this.request(item, index), this.work, item, index)
    this.order?.push(record)
    this.block.submit(record, "normal", submitter)
  }

  /** The next outcome, waiting for it. */
  get next(): Effect.Effect<OverOutcome<A, E>, HttpxError.NoPendingResponses> {
    return Effect.suspend(() => {
      const { order } = this
      const first = order?.[this.front]
      if (order === undefined) return this.block.results.next(taken<A, E>)
      if (first === undefined) return Effect.zipRight(this.block.results.next(Exit.succeed), this.next)
      return Effect.flatMap(Effect.exit(this.block.results.of(first)), () => {
        this.advance(order)
        return taken<A, E>(first)
      })
    })
  }

  /** The next outcome, if it is there. */
  nextNow(): OverOutcome<A, E> | undefined {
    const { order } = this
    if (order === undefined) {
      const record = this.block.results.takeNow()
      return record === undefined ? undefined : outcomeOf(record)
    }
    const first = order[this.front]
    if (first === undefined || this.block.results.poll(first) === undefined) return undefined
    this.advance(order)
    return outcomeOf(first)
  }

  private advance(order: Array<ItemRecord<A>>): void {
    this.front++
    // What was given out is let go of, in strides.
    if (this.front < 256) return
    order.splice(0, this.front)
    this.front = 0
  }
}

const taken = <A, E>(record: PendingRecord): Exit.Exit<OverOutcome<A, E>> => Exit.succeed(outcomeOf<A, E>(record))

/** A block of an input has no other records, and nobody else knows what their requests can fail with. */
const outcomeOf = <A, E>(record: PendingRecord): OverOutcome<A, E> => {
  const { exit, index, input } = record as ItemRecord<A>
  return { input, index, exit: exit as Exit.Exit<Response, E> }
}
