/**
 * The secrets of connections in NSS's key log format, appended to a file. Written at once and not through a stream, so
 * that they are there before the traffic is that is read with them. It is for debugging: what goes wrong with the file
 * must not matter to a connection.
 */
import * as fs from "node:fs"

// A named pipe that nobody reads is an error, rather than a wait without end. Windows has no such flag.
const flags = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | (fs.constants.O_NONBLOCK ?? 0)

export class KeyLog {
  private fd: number | undefined = undefined
  /** It was closed, or could not be written. */
  private over = false

  constructor(private readonly file: string) {}

  /** Appends a line, which has its line end. The first one opens the file. */
  readonly append = (line: Buffer): void => {
    if (this.over) return
    try {
      // Whoever reads these secrets reads the traffic.
      this.fd ??= fs.openSync(this.file, flags, 0o600)
      fs.writeSync(this.fd, line)
    } catch {
      this.close()
    }
  }

  close(): void {
    this.over = true
    if (this.fd === undefined) return
    const { fd } = this
    this.fd = undefined
    try {
      fs.closeSync(fd)
    } catch {
      // It is closed all the same, and nobody could do anything about it.
    }
  }
}
