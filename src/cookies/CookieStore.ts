/**
 * The cookies of a jar, and which of them a request is sent (RFC 6265bis §5.7, §5.8.3).
 *
 * Everything here is synchronous: what arrives is applied at once, and no other request sees half of it. tough-cookie has
 * a store too, but that goes by the machine's clock alone, lets a Max-Age begin anew each time a cookie is sent, and
 * throws for hosts like `test`.
 */
import { parseAddress } from "../protocol/address.js"
import type { SentCookie } from "../protocol/cookieField.js"
import { domainMatches, isSecure, pathMatches, pathOf } from "../protocol/cookieScope.js"
import type { Target } from "../protocol/target.js"
import { Cookie } from "./Cookie.js"

/** A cookie, and what the store knows of it. */
interface Stored extends SentCookie {
  readonly cookie: Cookie
  /** The order of creation, for those of one millisecond. */
  readonly order: number
  /** The order of use. */
  used: number
}

/** How many cookies there may be; those not used for longest make room, secure ones last. */
export interface StoreLimits {
  readonly perDomain: number
  readonly total: number
}

type OfDomain = ReadonlyMap<string, Stored>

const none: ReadonlyArray<Stored> = []

const isExpired = ({ expires }: Cookie, now: number): boolean => expires !== undefined && expires <= now

// Neither a name nor a path has a semicolon in it.
const keyOf = ({ name, path }: Cookie): string => `${name};${path}`

export class CookieStore {
  private readonly domains = new Map<string, Map<string, Stored>>()
  private readonly watchers: Array<() => void> = []
  private count = 0
  private sequence = 0

  constructor(private readonly limits: StoreLimits) {}

  /** Those that a request is sent: longer paths first, then those created earlier (§5.8.3). */
  sentTo(target: Target, now: number): ReadonlyArray<Stored> {
    if (this.count === 0) return none
    const { hostname } = target
    const found: Array<Stored> = []
    this.collect(this.domains.get(hostname), target, now, found)
    for (let dot = hostname.indexOf("."); dot >= 0; dot = hostname.indexOf(".", dot + 1)) {
      const above = this.domains.get(hostname.slice(dot + 1))
      // An address has no domain above it.
      if (above !== undefined && parseAddress(hostname) === undefined) this.collect(above, target, now, found)
    }
    if (found.length > 1) found.sort(inOrder)
    return found
  }

  private collect(cookies: OfDomain | undefined, target: Target, now: number, found: Array<Stored>): void {
    if (cookies === undefined) return
    const path = pathOf(target)
    for (const stored of cookies.values()) {
      const { cookie } = stored
      if (cookie.hostOnly && cookie.domain !== target.hostname) continue
      if (!pathMatches(path, cookie.path) || (cookie.secure && !isSecure(target))) continue
      if (isExpired(cookie, now)) {
        this.drop(stored)
        continue
      }
      stored.used = ++this.sequence
      found.push(stored)
    }
  }

  /** Keeps a cookie, in place of one of the same name, domain and path. One that has expired removes that. */
  put(cookie: Cookie, now: number): void {
    const key = keyOf(cookie)
    const found = this.domains.get(cookie.domain)?.get(key)
    const old = found === undefined || isExpired(found.cookie, now) ? undefined : found
    if (found !== undefined && old === undefined) this.drop(found)
    if (isExpired(cookie, now)) {
      if (old !== undefined) this.remove(old)
      return
    }
    const cookies = this.domains.get(cookie.domain) ?? new Map<string, Stored>()
    this.domains.set(cookie.domain, cookies)
    if (old === undefined) this.count++
    // §5.7 step 23: a cookie that is set again keeps its place in the order.
    const kept = old === undefined ? cookie : new Cookie({ ...cookie, createdAt: old.cookie.createdAt })
    const used = ++this.sequence
    const pair = `${cookie.name}=${cookie.value}`
    cookies.set(key, { cookie: kept, name: cookie.name, pair, order: old?.order ?? used, used })
    if (cookies.size > this.limits.perDomain) this.makeRoom(cookies.values(), now)
    if (this.count > this.limits.total) this.makeRoom(this.all(), now)
    this.changed()
  }

  /** Whether a secure cookie is in the way of one from an insecure place (§5.7 step 16). */
  hides({ domain, name, path }: Cookie, now: number): boolean {
    for (const { cookie } of this.all()) {
      if (!cookie.secure || cookie.name !== name || isExpired(cookie, now)) continue
      const related = domainMatches(domain, cookie.domain) || domainMatches(cookie.domain, domain)
      if (related && pathMatches(path, cookie.path)) return true
    }
    return false
  }

  /** All that have not expired, in the order of creation. */
  entries(now: number): ReadonlyArray<Cookie> {
    const found = [...this.all()].filter(({ cookie }) => !isExpired(cookie, now))
    return found.sort(byCreation).map(({ cookie }) => cookie)
  }

  /** Removes those that fit; how many they were. */
  removeWhere(fits: (cookie: Cookie) => boolean): number {
    const found = [...this.all()].filter(({ cookie }) => fits(cookie))
    for (const stored of found) this.remove(stored)
    return found.length
  }

  /** Calls back after each change. */
  watch(watcher: () => void): void {
    this.watchers.push(watcher)
  }

  private *all(): Iterable<Stored> {
    for (const cookies of this.domains.values()) yield* cookies.values()
  }

  /** §5.7: one goes that has expired, or else one that is not secure, or else any; of several, the least recently used. */
  private makeRoom(among: Iterable<Stored>, now: number): void {
    let first: Stored | undefined
    for (const stored of among) {
      if (isExpired(stored.cookie, now)) return this.drop(stored)
      if (first === undefined || goesBefore(stored, first)) first = stored
    }
    if (first !== undefined) this.drop(first)
  }

  private remove(stored: Stored): void {
    this.drop(stored)
    this.changed()
  }

  /** What is stored is under its domain. */
  private drop({ cookie }: Stored): void {
    const cookies = this.domains.get(cookie.domain)!
    cookies.delete(keyOf(cookie))
    this.count--
    if (cookies.size === 0) this.domains.delete(cookie.domain)
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher()
  }
}

// Or else who has no TLS to speak through could make room for cookies of its own.
const goesBefore = (a: Stored, b: Stored): boolean =>
  a.cookie.secure === b.cookie.secure ? a.used < b.used : b.cookie.secure

const byCreation = (a: Stored, b: Stored): number => a.cookie.createdAt - b.cookie.createdAt || a.order - b.order

const inOrder = (a: Stored, b: Stored): number => b.cookie.path.length - a.cookie.path.length || byCreation(a, b)
