/**
 * A jar: what a program does with its cookies, and what the policy does for each request.
 */
import type * as PlatformCookies from "@effect/platform/Cookies"
import type { PlatformError } from "@effect/platform/Error"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { SentCookie } from "../protocol/cookieField.js"
import { isSecure } from "../protocol/cookieScope.js"
import { formatNetscape } from "../protocol/netscapeCookies.js"
import { isTargetProblem, parseTarget, type Target } from "../protocol/target.js"
import { fromSetCookies, toSetCookies } from "../transport/platform/platformCookies.js"
import { admit, parseSetCookie, type Proposal, type Rules } from "./admission.js"
import type { Cookie } from "./Cookie.js"
import { type CookieInput, proposalOf } from "./CookieInput.js"
import type { CookieStore } from "./CookieStore.js"
import { CookieConflict, CookieError } from "./errors.js"
import { exportJson, importJson } from "./jsonJar.js"
import { type ExportOptions, kept } from "./kept.js"
import { importNetscape } from "./netscapeJar.js"
import { setCookieText } from "./setCookieText.js"
import { TypeId } from "./TypeId.js"

/**
 * Which cookies are meant. What is left out does not matter.
 *
 * @since 0.1.0
 * @category options
 */
export interface CookieFilter {
  /** Those that a request for this URL is sent. Default: all. */
  readonly url?: string | URL | undefined
  /** Those that were set for exactly this domain, or by this host. Default: all. */
  readonly domain?: string | undefined
  /** Those with exactly this path. Default: all. */
  readonly path?: string | undefined
}

/**
 * Cookies, by the rules of RFC 6265bis. Made by `Cookies.make`; several clients, and all requests of a parallel block,
 * may share one. Printed, it shows no value.
 *
 * @since 0.1.0
 * @category models
 */
export class CookieJar implements Inspectable.Inspectable {
  readonly [TypeId]: typeof TypeId = TypeId

  /** @internal */
  constructor(
    private readonly store: CookieStore,
    private readonly rules: Rules,
    /**
     * Writes what has changed to where the jar is kept (`Cookies.makePersisted`). A jar in memory alone has nothing to do.
     */
    readonly save: Effect.Effect<void, PlatformError> = Effect.void
  ) {}

  /** How many cookies there are that have not expired. */
  get size(): Effect.Effect<number> {
    return Effect.map(this.entries, (cookies) => cookies.length)
  }

  /** All cookies that have not expired, in the order of their creation. */
  get entries(): Effect.Effect<ReadonlyArray<Cookie>> {
    return Effect.map(Clock.currentTimeMillis, (now) => this.store.entries(now))
  }

  /** The cookies that a request for a URL is sent, in the order in which they are sent. */
  getAll(url: string | URL): Effect.Effect<ReadonlyArray<Cookie>, CookieError> {
    return Effect.flatMap(targetOf(url), (target) =>
      Effect.map(Clock.currentTimeMillis, (now) => this.store.sentTo(target, now).map(({ cookie }) => cookie))
    )
  }

  /** The one cookie of a name; `CookieConflict` if there are several that the filter lets through. */
  get(
    name: string,
    filter?: CookieFilter | undefined
  ): Effect.Effect<Option.Option<Cookie>, CookieConflict | CookieError> {
    return Effect.flatMap(this.filtered(filter), (cookies) => {
      const [cookie, ...others] = cookies.filter((each) => each.name === name)
      return others.length === 0 ? Effect.succeed(Option.fromNullable(cookie)) : conflict([cookie!, ...others])
    })
  }

  /**
   * The value of the one cookie of a name, decoded by a schema from the text on the wire: `Schema.NumberFromString`, or
   * for a value that is percent-encoded `Schema.StringFromUriComponent` and what can be made of that.
   */
  getSchema<A, R>(
    name: string,
    schema: Schema.Schema<A, string, R>,
    filter?: CookieFilter | undefined
  ): Effect.Effect<Option.Option<A>, CookieConflict | CookieError, R> {
    const decode = Schema.decode(schema)
    return Effect.flatMap(
      this.get(name, filter),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: ({ value }) => Effect.mapBoth(decode(value), { onSuccess: Option.some, onFailure: () => unfit(name) })
      })
    )
  }

  /**
   * Sets a cookie as if the URL's host had: from a record, or from the text of a Set-Cookie field. Unlike one that
   * arrives, it fails if the host may not set it.
   */
  set(cookie: CookieInput | string, url: string | URL): Effect.Effect<void, CookieError> {
    return Effect.flatMap(targetOf(url), (target) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const proposal = typeof cookie === "string" ? parseSetCookie(this.rules, cookie, now) : proposalOf(cookie, now)
        if (typeof proposal === "string") return invalid(proposal)
        const problem = this.propose(proposal, target, now)
        return problem === undefined ? Effect.void : refused(proposal.name, problem)
      })
    )
  }

  /** Removes all cookies of a name that the filter lets through; how many they were. */
  remove(name: string, filter?: CookieFilter | undefined): Effect.Effect<number, CookieError> {
    return this.removeThose(filter, (cookie) => cookie.name === name)
  }

  /** Removes all cookies that the filter lets through, all without one; how many they were. */
  clear(filter?: CookieFilter | undefined): Effect.Effect<number, CookieError> {
    return this.removeThose(filter, () => true)
  }

  /** The cookies that a request for a URL is sent, as `@effect/platform` has them: of one name, the first. */
  toPlatform(url: string | URL): Effect.Effect<PlatformCookies.Cookies, CookieError> {
    return Effect.map(this.getAll(url), (cookies) => fromSetCookies(cookies.map(setCookieText).reverse()))
  }

  /** Sets cookies of `@effect/platform` as if the URL's host had; those that it may not set are left out. */
  setPlatform(cookies: PlatformCookies.Cookies, url: string | URL): Effect.Effect<void, CookieError> {
    return Effect.flatMap(targetOf(url), (target) =>
      Effect.map(Clock.currentTimeMillis, (now) => this.receive(toSetCookies(cookies), target, now))
    )
  }

  /** The jar as Netscape's cookies.txt: without SameSite, and with whole seconds. It holds the values. */
  exportNetscape(options?: ExportOptions | undefined): Effect.Effect<string> {
    return Effect.map(this.entries, (cookies) => formatNetscape(kept(cookies, options)))
  }

  /** Adds the cookies of a cookies.txt; nothing is added from one that has a line that is no cookie. */
  importNetscape(text: string): Effect.Effect<void, CookieError> {
    return this.load((now) => importNetscape(this.rules, text, now))
  }

  /** The jar as JSON text, in the form of tough-cookie's jars. It holds the values. */
  exportJson(options?: ExportOptions | undefined): Effect.Effect<string> {
    return Effect.map(this.entries, (cookies) => exportJson(this.rules, kept(cookies, options)))
  }

  /** Adds the cookies of a JSON jar; nothing is added from one that has something in it that is no cookie. */
  importJson(text: string): Effect.Effect<void, CookieError> {
    return this.load((now) => importJson(this.rules, text, now))
  }

  /** What there is, without values. */
  toJSON(): unknown {
    return { _id: "effect-httpx/Cookies", cookies: this.store.entries(0).map((cookie) => cookie.toJSON()) }
  }

  toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }

  /** @internal What a request is sent. */
  sentTo(target: Target, now: number): ReadonlyArray<SentCookie> {
    return this.store.sentTo(target, now)
  }

  /** @internal Applies the Set-Cookie fields of an answer. What is wrong in them is nobody's failure. */
  receive(fields: ReadonlyArray<string>, target: Target, now: number): void {
    for (const field of fields) {
      const proposal = parseSetCookie(this.rules, field, now)
      if (typeof proposal !== "string") this.propose(proposal, target, now)
    }
  }

  /** @internal Calls back after each change. */
  watch(watcher: () => void): void {
    this.store.watch(watcher)
  }

  /** Keeps a cookie, or tells why not. */
  private propose(proposal: Proposal, target: Target, now: number): string | undefined {
    const cookie = admit(this.rules, proposal, target, now)
    if (typeof cookie === "string") return cookie
    const exposed = !cookie.secure && !isSecure(target)
    if (exposed && this.store.hides(cookie, now)) return "there is a secure one of this name, set over https"
    this.store.put(cookie, now)
    return undefined
  }

  private filtered(filter: CookieFilter = {}): Effect.Effect<ReadonlyArray<Cookie>, CookieError> {
    const { domain, path, url } = filter
    const among: Effect.Effect<ReadonlyArray<Cookie>, CookieError> = url === undefined ? this.entries : this.getAll(url)
    if (domain === undefined && path === undefined) return among
    const wanted = domain?.replace(/^\./, "").toLowerCase()
    return Effect.map(among, (cookies) =>
      cookies.filter(
        (cookie) => (wanted === undefined || cookie.domain === wanted) && (path === undefined || cookie.path === path)
      )
    )
  }

  private removeThose(
    filter: CookieFilter | undefined,
    fits: (cookie: Cookie) => boolean
  ): Effect.Effect<number, CookieError> {
    return Effect.map(this.filtered(filter), (cookies) => {
      const gone = new Set(cookies.filter(fits))
      return this.store.removeWhere((cookie) => gone.has(cookie))
    })
  }

  private load(
    cookiesAt: (now: number) => Effect.Effect<ReadonlyArray<Cookie>, CookieError>
  ): Effect.Effect<void, CookieError> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.map(cookiesAt(now), (cookies) => {
        // What has expired in the file must not remove what has not here.
        for (const cookie of cookies) if ((cookie.expires ?? Infinity) > now) this.store.put(cookie, now)
      })
    )
  }
}

const targetOf = (url: string | URL): Effect.Effect<Target, CookieError> =>
  Effect.suspend(() => {
    const target = parseTarget(String(url))
    if (!isTargetProblem(target)) return Effect.succeed(target)
    return Effect.fail(new CookieError({ reason: "InvalidUrl", message: target.message }))
  })

const conflict = (cookies: ReadonlyArray<Cookie>): Effect.Effect<never, CookieConflict> => {
  const [{ name } = { name: "" }] = cookies
  const places = cookies.map(({ domain, path }) => ({ domain, path }))
  const where = places.map(({ domain, path }) => domain + path).join(", ")
  const message = `there are ${places.length} cookies ${JSON.stringify(name)}: for ${where}; say which by url, domain or path`
  return Effect.fail(new CookieConflict({ name, places, message }))
}

const invalid = (why: string): Effect.Effect<never, CookieError> =>
  Effect.fail(new CookieError({ reason: "InvalidCookie", message: `this is no cookie: ${why}` }))

const refused = (name: string, why: string): Effect.Effect<never, CookieError> =>
  Effect.fail(
    new CookieError({ reason: "Refused", message: `the cookie ${JSON.stringify(name)} cannot be set: ${why}` })
  )

/** Says nothing of the value: a schema's own error shows it. */
const unfit = (name: string): CookieError =>
  new CookieError({
    reason: "InvalidValue",
    message: `the value of the cookie ${JSON.stringify(name)} does not match its schema`
  })
