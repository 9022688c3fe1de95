/**
 * The credentials of proxies: Basic is sent at once, Digest as soon as a proxy has asked for it (RFC 7616 §3.6), and then
 * with every request, each with a count of its own. One for each transport, because what a proxy asked is remembered.
 */
import { randomBytes } from "node:crypto"
import * as Redacted from "effect/Redacted"
import { basicAuthorization } from "../../protocol/basic.js"
import { parseChallenges } from "../../protocol/challenges.js"
import { digestAuthorization } from "../../protocol/digest/authorization.js"
import { chooseDigest } from "../../protocol/digest/challenge.js"
import { isDigestProblem } from "../../protocol/digest/problem.js"
import {
  afterAuthenticationInfo,
  afterRequest,
  digestState,
  type DigestState,
  isDigestRefusal
} from "../../protocol/digest/state.js"
import type { Fields } from "../../protocol/Fields.js"
import type { Proxy } from "../../protocol/proxy.js"
import type { ProxyAuthorization } from "../connect/ProxyAuthorization.js"
import { nodeHash } from "./hash.js"

export class ProxyAuthorizer implements ProxyAuthorization {
  private readonly digests = new Map<Proxy, DigestState>()

  constructor(
    /** Which of the two a proxy gets when it has not asked for any. */
    private readonly schemeOf: (proxy: Proxy) => "basic" | "digest"
  ) {}

  first(proxy: Proxy, method: string, uri: string): string | undefined {
    if (proxy.credentials === undefined) return undefined
    const state = this.digests.get(proxy)
    if (state !== undefined) return this.digest(proxy, state, method, uri)
    if (this.schemeOf(proxy) === "digest") return undefined
    const { password, username } = proxy.credentials
    const basic = basicAuthorization(username, Redacted.value(password))
    return typeof basic === "string" ? basic : undefined
  }

  challenged(proxy: Proxy, fields: Fields, method: string, uri: string): string | undefined {
    return this.learn(proxy, fields, 0) ? this.first(proxy, method, uri) : undefined
  }

  /** Takes note of what a 407 asks for, after so many answers to it; whether there is another answer. */
  learn(proxy: Proxy, fields: Fields, answers: number): boolean {
    if (proxy.credentials === undefined) return false
    const challenges = parseChallenges(fields.getAll("proxy-authenticate"))
    const chosen = chooseDigest(challenges, { hash: nodeHash, bodyKnown: false })
    if (chosen === undefined || isDigestProblem(chosen)) return this.mayTryBasic(proxy, challenges)
    this.digests.delete(proxy)
    if (isDigestRefusal(chosen, { sent: undefined, answers })) return false
    this.digests.set(proxy, digestState(chosen, randomBytes(16).toString("base64url")))
    return true
  }

  /** Takes note of a `nextnonce` (RFC 7616 §3.5). */
  answered(proxy: Proxy, info: () => ReadonlyArray<string>): void {
    const state = this.digests.get(proxy)
    if (state !== undefined) this.digests.set(proxy, afterAuthenticationInfo(state, info()))
  }

  /** What a proxy knows no longer how to ask for is forgotten; Basic, where it was not sent, is not sent unasked. */
  private mayTryBasic(proxy: Proxy, challenges: ReturnType<typeof parseChallenges>): boolean {
    const had = this.digests.delete(proxy)
    return had && this.schemeOf(proxy) === "basic" && challenges.some(({ scheme }) => scheme === "basic")
  }

  private digest(proxy: Proxy, state: DigestState, method: string, uri: string): string | undefined {
    if (proxy.credentials === undefined) return undefined
    this.digests.set(proxy, afterRequest(state))
    const { credentials } = proxy
    const value = digestAuthorization({ ...state, credentials, method, uri, body: undefined }, nodeHash)
    return isDigestProblem(value) ? undefined : value
  }
}
