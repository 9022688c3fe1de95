/** A server with Digest authentication that checks all that a client says, by an implementation of its own. */
import { Effect } from "effect"
import type { InProcess } from "effect-httpx/testing"
import { createHash } from "node:crypto"

export interface DigestServerOptions {
  readonly username?: string
  readonly password?: string
  readonly realm?: string
  /** The challenges' parameters beside realm and nonce; each is a field, or with `together` a part of one. */
  readonly challenges?: ReadonlyArray<string>
  readonly together?: boolean
  /** How many requests a nonce is good for. Default: any number. */
  readonly uses?: number
  /** Whether a nonce that is used up is said to be stale. Default: true. */
  readonly tellsStale?: boolean
  /** Whether all nonces are the same until one is used up. Default: each challenge has its own. */
  readonly sharedNonce?: boolean
  /** Whether each answer has the nonce of the next request. */
  readonly nextNonce?: boolean
  /** What is answered when the credentials are right. Default: 200. */
  readonly answer?: (request: InProcess.Incoming) => InProcess.Reply
}

const hashes: Readonly<Record<string, string>> = { "SHA-512-256": "sha512-256", "SHA-256": "sha256", MD5: "md5" }

const params = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from(text.matchAll(/([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g), ([, name, quoted, plain]) => [
      name!.toLowerCase(),
      quoted?.replace(/\\(.)/g, "$1") ?? plain ?? ""
    ])
  )

export const digestServer = (options: DigestServerOptions = {}) => {
  const { challenges = ['qop="auth", algorithm=SHA-256'], password = "Circle of Life", realm = "here" } = options
  const { sharedNonce = false, tellsStale = true, together = false, username = "Mufasa", uses = Infinity } = options
  /** The counts that each nonce has been used with. */
  const nonces = new Map<string, Set<string>>()
  /** What each request came with: `bare`, `stale`, `wrong: why`, or its count. */
  const seen: Array<string> = []
  /** The Authorization fields. */
  const authorizations: Array<Readonly<Record<string, string>>> = []
  const sessions = new Map<string, { readonly nonce: string; readonly cnonce: string }>()
  let issued = 0
  let current = ""

  const newNonce = (): string => {
    if (sharedNonce && (nonces.get(current)?.size ?? Infinity) < uses) return current
    current = `nonce${++issued}=`
    nonces.set(current, new Set())
    return current
  }

  const challenge = (stale: boolean): InProcess.Reply => {
    const nonce = newNonce()
    const fields = challenges.map(
      (each) => `Digest realm="${realm}", nonce="${nonce}", opaque="o"${stale ? ", stale=TRUE" : ""}, ${each}`
    )
    const values = together ? [`Basic realm="x", ${fields.join(", ")}`] : fields
    return { status: 401, headers: values.map((value) => ["WWW-Authenticate", value] as const), body: "who are you?" }
  }

  /** Why the credentials are wrong, or `undefined`. */
  const wrong = (
    given: Readonly<Record<string, string>>,
    { body, method, target }: { readonly body: Uint8Array; readonly method: string; readonly target: string }
  ): string | undefined => {
    const algorithm = (given["algorithm"] ?? "MD5").toUpperCase()
    const offered = challenges.map(params)
    if (!offered.some((each) => (each["algorithm"] ?? "MD5").toUpperCase() === algorithm)) return "algorithm"
    const hash = (...parts: ReadonlyArray<string | Uint8Array>) => {
      const made = createHash(hashes[algorithm.replace("-SESS", "")]!)
      parts.forEach((part, i) => {
        if (i > 0) made.update(":")
        made.update(part)
      })
      return made.digest("hex")
    }
    if (given["uri"] !== target) return "uri"
    if (given["opaque"] !== "o" || given["realm"] !== realm) return "realm"
    const name = given["username*"] === undefined ? given["username"] : decodeURIComponent(given["username*"].slice(7))
    const expected = given["userhash"] === "true" ? hash(username, realm) : username
    if (name !== expected) return "username"
    const { cnonce = "", nc = "", nonce = "", qop } = given
    let key = hash(username, realm, password)
    if (algorithm.endsWith("-SESS")) {
      const session = sessions.get(nonce) ?? { nonce, cnonce }
      sessions.set(nonce, session)
      if (session.cnonce !== cnonce) return "cnonce"
      key = hash(key, session.nonce, cnonce)
    }
    const a2 =
      qop === "auth-int"
        ? hash(method, target, createHash(hashes[algorithm]!).update(body).digest("hex"))
        : hash(method, target)
    const response = qop === undefined ? hash(key, nonce, a2) : hash(key, nonce, nc, cnonce, qop, a2)
    return response === given["response"] ? undefined : "response"
  }

  const handler: InProcess.Handler = (request) =>
    Effect.map(request.body, (body) => {
      const authorization = request.headers.get("authorization")
      if (authorization === undefined) {
        seen.push("bare")
        return challenge(false)
      }
      const given = params(authorization)
      authorizations.push(given)
      const { nc = "00000001", nonce = "" } = given
      const used = nonces.get(nonce)
      const isBroken = wrong(given, {
        body,
        method: request.method,
        target: request.url.replace(/^https?:\/\/[^/]*/, "")
      })
      if (isBroken !== undefined) {
        seen.push(`wrong: ${isBroken}`)
        return challenge(false)
      }
      if (used === undefined || used.size >= uses) {
        seen.push("stale")
        return challenge(tellsStale)
      }
      // RFC 7616 §3.3: a count that has been seen is a replay.
      if (used.has(nc)) {
        seen.push(`wrong: replay of ${nc}`)
        return { status: 400 }
      }
      used.add(nc)
      seen.push(nc.replace(/^0+/, ""))
      const reply = options.answer?.(request) ?? { body: "welcome" }
      if (options.nextNonce !== true) return reply
      const next = newNonce()
      const session = sessions.get(nonce)
      if (session !== undefined) sessions.set(next, session)
      return { ...reply, headers: { "Authentication-Info": `nextnonce="${next}", qop=auth` } }
    })

  return { handler, seen, authorizations, nonces, forget: () => nonces.clear() }
}
