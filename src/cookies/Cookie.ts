/**
 * A cookie as a jar has it.
 */
import * as Data from "effect/Data"
import * as Inspectable from "effect/Inspectable"
import type { NetscapeCookie } from "../protocol/netscapeCookies.js"
import { redacted } from "../protocol/redaction.js"

/**
 * What a server says of requests that come from other sites. A client without pages has none: it is kept, not acted upon.
 *
 * @since 0.1.0
 * @category models
 */
export type SameSite = "strict" | "lax" | "none"

interface CookieFields extends NetscapeCookie {
  readonly sameSite: SameSite | undefined
  /** When a cookie of this name, domain and path was first set, in milliseconds since 1970. */
  readonly createdAt: number
}

/**
 * A cookie of a jar: an immutable record, equal to another with the same fields. Printed, it does not show its value.
 *
 * @since 0.1.0
 * @category models
 */
export class Cookie extends Data.Class<CookieFields> implements Inspectable.Inspectable {
  toJSON(): unknown {
    const { createdAt, domain, expires, hostOnly, httpOnly, name, path, sameSite, secure } = this
    const shown = { name, value: redacted, domain, hostOnly, path, secure, httpOnly, sameSite, expires, createdAt }
    return { _id: "effect-httpx/Cookie", ...shown }
  }

  override toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}
