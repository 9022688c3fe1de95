/**
 * When those who wait for results are woken.
 *
 * A fiber that is woken for each of many answers spends more on waking than on the answers. Where many are in flight, who
 * waits is woken when the event loop has been through all the sockets that had something: the next answers are then there,
 * and are taken without waiting.
 */

/** After the sockets that are ready now; Node, Bun and Deno have that. */
const afterSockets: unknown = Reflect.get(globalThis, "setImmediate")

export class Wakes {
  private due: Array<() => void> | undefined = undefined

  /** Wakes at once, or together with all others that are due before the event loop goes on. */
  wake(resume: () => void, isCrowded: boolean): void {
    if (!isCrowded || typeof afterSockets !== "function") return resume()
    if (this.due !== undefined) {
      this.due.push(resume)
      return
    }
    this.due = [resume]
    afterSockets(() => {
      const due = this.due ?? []
      this.due = undefined
      for (const resume of due) resume()
    })
  }
}
