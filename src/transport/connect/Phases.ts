/**
 * The phases of one dial: which one it is in, and how long each has taken, in milliseconds. A phase that comes again, on
 * a second connection to a proxy, takes the time of both.
 */
import type { ConnectTimings } from "../../response/ConnectionInfo.js"
import type { ConnectPhase } from "./ConnectProblem.js"

export class Phases {
  private readonly spent: Record<ConnectPhase, number | undefined> = {
    dns: undefined,
    connect: undefined,
    proxy: undefined,
    tls: undefined
  }
  private since: number | undefined = undefined

  constructor(private readonly progress: { phase: ConnectPhase }) {}

  get current(): ConnectPhase {
    return this.progress.phase
  }

  /** Ends the phase before it, if one runs. */
  begin(phase: ConnectPhase): void {
    this.end()
    this.progress.phase = phase
    this.since = performance.now()
  }

  end(): void {
    if (this.since === undefined) return
    this.spent[this.current] = (this.spent[this.current] ?? 0) + performance.now() - this.since
    this.since = undefined
  }

  get timings(): ConnectTimings {
    return { ...this.spent }
  }
}
