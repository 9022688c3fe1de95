/**
 * That a body which flows once is not sent twice.
 *
 * It is claimed when a request is about to be sent, so that a second one fails before anything is opened; it is given
 * back when the request came to nothing before its body had begun.
 */
export class Once {
  private claimed = false
  private begun = false

  constructor(private readonly isSpent: () => boolean) {}

  /** Whether it can be had; from then on it cannot. */
  claim(): boolean {
    if (this.claimed || this.begun || this.isSpent()) return false
    return (this.claimed = true)
  }

  release(): void {
    this.claimed = false
  }

  /** Whether it flows for the first time. */
  begin(): boolean {
    if (this.begun || this.isSpent()) return false
    return (this.begun = true)
  }
}
