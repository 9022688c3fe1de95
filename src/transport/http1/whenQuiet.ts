/**
 * What has arrived at a socket that is about to be destroyed is read first.
 */
import type { SocketReader } from "../connect/SocketReader.js"

/** Calls back when turns of the event loop bring nothing more. */
export const whenQuiet = (reader: SocketReader, onQuiet: () => void): void => {
  const { receiver } = reader
  let quiet = 0
  reader.receiver = (bytes) => {
    quiet = 0
    receiver?.(bytes)
  }
  const turn = () => {
    if (++quiet > 2) onQuiet()
    else setImmediate(turn)
  }
  setImmediate(turn)
}
