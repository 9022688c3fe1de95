/**
 * A queue linked through its own members, so that joining it, being served and leaving it early each cost the same,
 * however many wait. A member is in one queue at a time.
 *
 * @since 0.1.0
 */

/** What a queue needs of its members. */
export interface Link<T extends Link<T>> {
  next: T | undefined
  previous: T | undefined
  queue: Fifo<T> | undefined
}

export class Fifo<T extends Link<T>> {
  size = 0
  private head: T | undefined = undefined
  private tail: T | undefined = undefined

  get first(): T | undefined {
    return this.head
  }

  push(member: T): void {
    member.queue = this
    member.previous = this.tail
    if (this.tail === undefined) this.head = member
    else this.tail.next = member
    this.tail = member
    this.size++
  }

  /** Puts a member before all others. */
  unshift(member: T): void {
    member.queue = this
    member.next = this.head
    if (this.head === undefined) this.tail = member
    else this.head.previous = member
    this.head = member
    this.size++
  }

  /** Takes a member out, if it is in. */
  remove(member: T): boolean {
    if (member.queue !== this) return false
    const { next, previous } = member
    if (previous === undefined) this.head = next
    else previous.next = next
    if (next === undefined) this.tail = previous
    else next.previous = previous
    member.next = undefined
    member.previous = undefined
    member.queue = undefined
    this.size--
    return true
  }
}
