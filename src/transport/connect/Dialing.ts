/**
 * What is passed between whoever wants a connection and the dialer that makes it.
 */
import type { Socket } from "node:net"
import type { ConnectionInfo } from "../../response/ConnectionInfo.js"
import type { ConnectPhase } from "./ConnectProblem.js"
import type { SocketReader } from "./SocketReader.js"

/** A connection that is open. */
export interface Connected {
  readonly socket: Socket
  readonly reader: SocketReader
  readonly protocol: "http/1.1" | "h2"
  readonly info: ConnectionInfo
}

/** A connection that is being made. */
export interface Dialing {
  /** What is being done for it now. */
  phase: ConnectPhase
  /** Is given the connection: at a moment at which no interruption can come between, for whoever has it must close it. */
  readonly connected: (connected: Connected) => void
}
