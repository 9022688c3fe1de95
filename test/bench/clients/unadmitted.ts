/** Exchanges that nothing stands before: each is handed to its connection. */
import { Origin } from "../../../src/transport/pool/Origin.js"
import type { Open } from "./client.js"
import { Answering, destination, Exchanges } from "./exchanges.js"

export const open: Open = async () => {
  const connection = new Answering(new Origin(destination, "http/1.1"), { onRoom: () => {} })
  const exchanges = new Exchanges({
    submit: (exchange) => connection.send(exchange),
    withdraw: (_, released) => released()
  })
  return { repeat: (times) => exchanges.repeat(connection, times), close: async () => {} }
}
