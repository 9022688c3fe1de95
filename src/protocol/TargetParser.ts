/**
 * Finds targets for one transport. Most requests go where the one before went: then the origin is that of the last one,
 * the same object and not only the same text, and only path and query are looked at.
 *
 * @since 0.1.0
 */
import { isPlainPath, isTargetProblem, parseTarget, type Target, type TargetProblem } from "./target.js"

export class TargetParser {
  private last: Target | undefined = undefined

  /** What `parseTarget` finds. */
  parse(url: string): Target | TargetProblem {
    const { last } = this
    if (last !== undefined && url.startsWith(last.origin)) {
      const rest = url.slice(last.origin.length)
      if (isPlainPath(rest)) return at(last, rest)
    }
    const target = parseTarget(url)
    if (!isTargetProblem(target)) this.last = target
    return target
  }
}

const at = ({ authority, hostname, origin, port, scheme }: Target, rest: string): Target => {
  // RFC 9112 §3.2.1: an empty path is sent as "/".
  const pathAndQuery = rest.startsWith("/") ? rest : `/${rest}`
  return { scheme, hostname, port, authority, origin, pathAndQuery }
}
