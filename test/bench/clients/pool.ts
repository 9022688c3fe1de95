/** The pool of a transport with one connection, after some exchanges have begun. */
import { Effect } from "effect"
import { Socket } from "node:net"
import { SharedBuffer, SocketReader } from "../../../src/transport/connect/SocketReader.js"
import { Pool } from "../../../src/transport/pool/Pool.js"
import { PoolMetrics } from "../../../src/transport/pool/PoolMetrics.js"
import type { OpenClient } from "./client.js"
import { Answering, Exchanges, info } from "./exchanges.js"

const limits = { connections: 1, connectionsPerOrigin: 1, keepAlive: 20, keepAliveExpiry: 5_000, pool: 5_000 }

/** `begun` is how many exchanges are always before the next: one of them is on the connection, the others wait. */
export const openPool = async (begun: number): Promise<OpenClient> => {
  const reader = new SocketReader(new SharedBuffer())
  const connected = { socket: new Socket(), reader, protocol: "http/1.1", info } as const
  let opened: (connection: Answering) => void = () => {}
  const opening = new Promise<Answering>((resolve) => (opened = resolve))
  const metrics = new PoolMetrics(() => pool.stats)
  const pool: Pool = new Pool(
    {
      dial: (_, dialing) =>
        Effect.runFork(
          Effect.zipRight(
            Effect.yieldNow(),
            Effect.sync(() => dialing.connected(connected))
          )
        ),
      connection: (_, origin, owner) => {
        const connection = new Answering(origin, owner)
        opened(connection)
        return connection
      },
      protocolOf: () => "http/1.1",
      changed: () => metrics.changed()
    },
    limits,
    undefined
  )
  const exchanges = new Exchanges(pool)
  exchanges.start()
  const connection = await opening
  connection.answer()
  for (let i = 0; i < begun; i++) exchanges.start()
  return {
    repeat: (times) => exchanges.repeat(connection, times),
    close: async () => {
      await new Promise<void>((resolve) => pool.close(resolve))
      metrics.close()
    }
  }
}
