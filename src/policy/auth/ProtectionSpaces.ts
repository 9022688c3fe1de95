/**
 * What servers have asked for, by origin, which is the protection space of RFC 7616 §3.3 where a server does not name
 * another. Requests that run at once share it: each takes a count of its own, in one step.
 */
import type { DigestChallenge } from "../../protocol/digest/challenge.js"
import { afterAuthenticationInfo, afterRequest, digestState, type DigestState } from "../../protocol/digest/state.js"

// A client of very many hosts forgets those that it has not heard of for longest.
const mostOrigins = 1000

export class ProtectionSpaces {
  private readonly states = new Map<string, DigestState>()

  /** The state that the next request is to be answered with; nobody else gets the same. */
  take(origin: string): DigestState | undefined {
    const state = this.states.get(origin)
    if (state !== undefined) this.states.set(origin, afterRequest(state))
    return state
  }

  /** Takes note of a challenge. One with the nonce that is in use already goes on with its count. */
  challenged(origin: string, challenge: DigestChallenge, cnonce: () => string): void {
    const known = this.states.get(origin)
    if (known?.challenge.nonce === challenge.nonce) return
    this.states.delete(origin)
    this.states.set(origin, digestState(challenge, cnonce()))
    if (this.states.size <= mostOrigins) return
    for (const oldest of this.states.keys()) {
      this.states.delete(oldest)
      return
    }
  }

  /** The credentials are wrong there: they are not sent unasked any more. */
  refused(origin: string, challenge: DigestChallenge): void {
    if (this.states.get(origin)?.challenge.nonce === challenge.nonce) this.states.delete(origin)
  }

  /** Takes note of a `nextnonce` (RFC 7616 §3.5) in the answer to a request. */
  answered(origin: string, sent: DigestState, info: ReadonlyArray<string>): void {
    const state = this.states.get(origin)
    // Of requests that ran at once, one may have begun a session that the next nonce of another is not for.
    if (state === undefined || state.cnonce !== sent.cnonce) return
    this.states.set(origin, afterAuthenticationInfo(state, info))
  }
}
