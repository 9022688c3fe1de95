/**
 * The server's side of HTTP/2 connections that follow a script frame by frame, so that it can do all that a server can do
 * and none should. Fields are sent as literals that nobody compresses (RFC 7541 §6.2.2); what the client sends is told
 * apart by type and stream, and not decompressed.
 */
import { Effect, type Scope } from "effect"
import type * as tls from "node:tls"
import { type Connection, scripted, scriptedTls, type ScriptedServer } from "./scripted.js"

/** RFC 9113 §6 */
export const types = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9
} as const

const endStream = 0x1
const ackFlag = 0x1
const endHeaders = 0x4

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly id: number
  readonly payload: Buffer
}

type Payload = Uint8Array | string

export const frame = (type: number, flags: number, id: number, payload: Payload = ""): Buffer => {
  const bytes = typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload)
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, bytes])
}

export const uint32 = (...values: ReadonlyArray<number>): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
  return bytes
}

/** RFC 7541 §5.1, with a prefix of 7 bits. */
const length = (value: number): Buffer => {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

const text = (value: string): Buffer => Buffer.concat([length(value.length), Buffer.from(value, "latin1")])

type Fields = ReadonlyArray<readonly [name: string, value: string]>

export const block = (fields: Fields): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))

/** `[identifier, value]` each (RFC 9113 §6.5.1); 3 is MAX_CONCURRENT_STREAMS, 4 is INITIAL_WINDOW_SIZE. */
export const settings = (...values: ReadonlyArray<readonly [id: number, value: number]>): Buffer => {
  const payload = Buffer.alloc(6 * values.length)
  values.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  })
  return frame(types.settings, 0, 0, payload)
}
export const settingsAck = frame(types.settings, ackFlag, 0)
export const maxStreams = (count: number): Buffer => settings([3, count])

export const headers = (id: number, fields: Fields): Buffer => frame(types.headers, endHeaders, id, block(fields))
export const lastHeaders = (id: number, fields: Fields): Buffer =>
  frame(types.headers, endHeaders | endStream, id, block(fields))
export const data = (id: number, payload: Payload): Buffer => frame(types.data, 0, id, payload)
export const lastData = (id: number, payload: Payload): Buffer => frame(types.data, endStream, id, payload)
export const reset = (id: number, code: number): Buffer => frame(types.reset, 0, id, uint32(code))
export const ping = frame(types.ping, 0, 0, Buffer.alloc(8))
export const pingAck = (payload: Uint8Array): Buffer => frame(types.ping, ackFlag, 0, payload)
export const windowUpdate = (id: number, by: number): Buffer => frame(types.windowUpdate, 0, id, uint32(by))
export const goaway = (lastId: number, code: number, debug = ""): Buffer =>
  frame(types.goaway, 0, 0, Buffer.concat([uint32(lastId, code), Buffer.from(debug, "latin1")]))

export const status = (code: number): readonly [string, string] => [":status", String(code)]

/** A whole answer. */
export const ok = (id: number, body: string, ...fields: Fields): Buffer =>
  Buffer.concat([headers(id, [status(200), ...fields]), lastData(id, body)])

/** The server's side of one connection. */
export class Peer {
  /** All frames that were taken. */
  readonly frames: Array<Frame> = []
  private greeted = false

  constructor(readonly connection: Connection) {}

  /** Waits for the next frame, and takes it. */
  get next(): Effect.Effect<Frame> {
    return Effect.gen(this, function* () {
      if (!this.greeted) {
        this.greeted = true
        yield* this.connection.takeBytes(24)
      }
      const head = Buffer.from(yield* this.connection.takeBytes(9), "latin1")
      const payload = Buffer.from(yield* this.connection.takeBytes(head.readUIntBE(0, 3)), "latin1")
      const taken = { type: head[3]!, flags: head[4]!, id: head.readUInt32BE(5), payload }
      this.frames.push(taken)
      return taken
    })
  }

  /** Waits for the next frame of a type, and takes all up to it. */
  take(type: number): Effect.Effect<Frame> {
    return Effect.repeat(this.next, { until: (taken) => taken.type === type })
  }

  /** Waits for the head of the next request, and gives the number of its stream. */
  get request(): Effect.Effect<number> {
    return Effect.map(this.take(types.headers), ({ id }) => id)
  }

  /** Waits until a stream is reset, and gives the code. */
  get reset(): Effect.Effect<readonly [id: number, code: number]> {
    return Effect.map(this.take(types.reset), ({ id, payload }) => [id, payload.readUInt32BE(0)] as const)
  }

  send(...frames: ReadonlyArray<Uint8Array>): Effect.Effect<void> {
    return this.connection.send(Buffer.concat(frames))
  }

  get close(): Effect.Effect<void> {
    return this.connection.close
  }
}

export type PeerScript = (peer: Peer) => Effect.Effect<unknown>

const script = (each: PeerScript) => (connection: Connection) => Effect.asVoid(each(new Peer(connection)))

/** A server of HTTP/2 without TLS, each of whose connections follows a script; the last script is for all that come after. */
export const scriptedH2 = (...scripts: ReadonlyArray<PeerScript>): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  scripted(...scripts.map(script))

export const scriptedH2Tls = (
  options: tls.TlsOptions,
  ...scripts: ReadonlyArray<PeerScript>
): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  scriptedTls({ ALPNProtocols: ["h2"], ...options }, ...scripts.map(script))

/** Says its settings, answers the first request with these frames, and then does nothing. */
export const once =
  (frames: (id: number) => ReadonlyArray<Uint8Array>): PeerScript =>
  (peer) =>
    Effect.flatMap(Effect.zipRight(peer.send(settings()), peer.request), (id) => peer.send(...frames(id)))

/** Says its settings, and answers every request. */
export const always =
  (frames: (id: number) => ReadonlyArray<Uint8Array>): PeerScript =>
  (peer) =>
    Effect.zipRight(
      peer.send(settings()),
      Effect.forever(Effect.flatMap(peer.request, (id) => peer.send(...frames(id))))
    )
