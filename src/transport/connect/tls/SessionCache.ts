/**
 * TLS sessions that can be resumed. Each is given out once, because a ticket that is used twice lets who listens tell
 * that two connections are of one client (RFC 8446 Appendix C.4). The peers that were used least recently go first.
 */

/** A server gives two tickets a connection, and a few connections may be opened at once. */
const sessionsOfPeer = 8

export class SessionCache {
  /** Sessions by peer, the peer that was used last at the end. */
  private readonly peers = new Map<string, Array<Buffer>>()

  constructor(private readonly capacity: number = 100) {}

  /** Takes the newest session with a peer out. */
  take(peer: string): Buffer | undefined {
    const sessions = this.peers.get(peer)
    if (sessions === undefined) return undefined
    const session = sessions.pop()
    this.peers.delete(peer)
    if (sessions.length > 0) this.peers.set(peer, sessions)
    return session
  }

  put(peer: string, session: Buffer): void {
    const sessions = this.peers.get(peer) ?? []
    sessions.push(session)
    if (sessions.length > sessionsOfPeer) sessions.shift()
    this.peers.delete(peer)
    this.peers.set(peer, sessions)
    if (this.peers.size > this.capacity) this.removeOldest()
  }

  remove(peer: string): void {
    this.peers.delete(peer)
  }

  clear(): void {
    this.peers.clear()
  }

  private removeOldest(): void {
    for (const peer of this.peers.keys()) {
      this.peers.delete(peer)
      return
    }
  }
}
