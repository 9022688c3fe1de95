/**
 * The socket of a connection that is no longer HTTP: after 101 Switching Protocols (RFC 9110 §7.8), or a 2xx to CONNECT
 * (§9.3.6). Every byte that comes is the exchange's, every byte that it writes goes out as it is, and silence is no
 * failure: what the new protocol waits for is its own affair.
 */
import type { Socket } from "node:net"
import type { ConnectionInfo, ConnectTimings } from "../../response/ConnectionInfo.js"
import type { SocketReader } from "../connect/SocketReader.js"
import type { Carrier, WireExchange } from "../WireExchange.js"
import type { SocketWriter } from "./SocketWriter.js"

export class UpgradedSocket implements Carrier {
  readonly info: ConnectionInfo
  readonly opening: ConnectTimings | undefined

  constructor(
    { info, opening }: Carrier,
    private readonly socket: Socket,
    private readonly writer: SocketWriter,
    /** Closes the connection. */
    readonly cancel: (released: () => void) => void
  ) {
    this.info = info
    this.opening = opening
    writer.chunked = false
  }

  /** Hands the connection over, with the bytes that came with the head. */
  begin(exchange: WireExchange, reader: SocketReader, bytes: Uint8Array): void {
    reader.receiver = (bytes) => exchange.onData(bytes)
    exchange.onUpgraded(this)
    if (bytes.length > 0) exchange.onData(bytes)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  write(bytes: Uint8Array, room: () => void): void {
    this.writer.write(bytes, room)
  }

  finishRequest(): void {
    this.socket.end()
  }
}
