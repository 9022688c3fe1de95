/** What a parallel block is to do, as plain data: no fibers, no time. */

export type Command =
  | { readonly _tag: "Submit" }
  | { readonly _tag: "Finish"; readonly which: number; readonly well: boolean }
  | { readonly _tag: "Cancel"; readonly which: number }
  | { readonly _tag: "Ask"; readonly which: number }
  | { readonly _tag: "Next" }
  | { readonly _tag: "Interrupt"; readonly which: number }
  | { readonly _tag: "Leave" }

/** What a consumer is told: the body or the tag of an error, and for `Next` of which request. */
export type Told = string

interface Pending {
  readonly path: string
  state: "queued" | "running" | "complete" | "cancelled"
  outcome: Told
  /** How many have asked for it or were given it. */
  claims: number
}

interface Consumer {
  /** What it asked for; `undefined` is whatever comes next. */
  readonly asked: number | undefined
  told: Told | undefined
  interrupted: boolean
}

export class Model {
  readonly pendings: Array<Pending> = []
  readonly consumers: Array<Consumer> = []
  /** Numbers of pendings in the order of completion, those that nobody has claimed. */
  private readonly completed: Array<number> = []
  private left = false

  constructor(private readonly concurrency: number) {}

  get running(): ReadonlyArray<string> {
    return this.pendings.filter(({ state }) => state === "running").map(({ path }) => path)
  }

  get pendingCount(): number {
    return this.pendings.filter(({ claims, state }) => claims === 0 && state !== "cancelled").length
  }

  get waiting(): ReadonlyArray<number> {
    return this.consumers.flatMap(({ interrupted, told }, i) => (told === undefined && !interrupted ? [i] : []))
  }

  submit(path: string): void {
    this.pendings.push({ path, state: this.left ? "cancelled" : "queued", outcome: "RequestCancelled", claims: 0 })
    this.start()
  }

  finish(i: number, outcome: Told): void {
    const pending = this.pendings[i]!
    pending.state = "complete"
    pending.outcome = outcome
    for (const consumer of this.askers(i)) consumer.told = outcome
    if (pending.claims === 0) this.completed.push(i)
    this.serve()
  }

  cancel(i: number): void {
    const pending = this.pendings[i]!
    if (pending.state === "complete" && pending.claims > 0) return
    pending.state = "cancelled"
    pending.outcome = "RequestCancelled"
    this.drop(i)
    for (const consumer of this.askers(i)) consumer.told = pending.outcome
    this.serve()
  }

  ask(i: number): void {
    const { outcome, state } = this.pendings[i]!
    const known = state === "complete" || state === "cancelled"
    this.pendings[i]!.claims++
    this.drop(i)
    this.consumers.push({ asked: i, told: known ? outcome : undefined, interrupted: false })
    this.serve()
  }

  next(): void {
    this.consumers.push({ asked: undefined, told: undefined, interrupted: false })
    this.serve()
  }

  interrupt(i: number): void {
    const consumer = this.consumers[i]!
    consumer.interrupted = true
    if (consumer.asked !== undefined) this.pendings[consumer.asked]!.claims--
  }

  leave(): void {
    this.left = true
    for (const [i, { state }] of this.pendings.entries()) if (state === "queued" || state === "running") this.cancel(i)
  }

  private askers(i: number): ReadonlyArray<Consumer> {
    return this.consumers.filter(({ asked, interrupted, told }) => asked === i && !interrupted && told === undefined)
  }

  private drop(i: number): void {
    const at = this.completed.indexOf(i)
    if (at >= 0) this.completed.splice(at, 1)
  }

  /** Gives those who wait for the next answer what there is, tells them when there can be none, and starts what waits. */
  private serve(): void {
    for (const consumer of this.consumers) {
      if (consumer.asked !== undefined || consumer.told !== undefined || consumer.interrupted) continue
      const first = this.completed.shift()
      if (first !== undefined) {
        const pending = this.pendings[first]!
        pending.claims++
        consumer.told = `${pending.path} ${pending.outcome}`
      } else if (this.pendingCount === 0) consumer.told = "NoPendingResponses"
    }
    this.start()
  }

  private start(): void {
    let free = this.concurrency - this.running.length
    for (const pending of this.pendings) {
      if (pending.state !== "queued" || free-- <= 0) continue
      pending.state = "running"
    }
  }
}
