/**
 * The one link that pages need of a Link field (RFC 8288): the one to the next page.
 *
 * @since 0.1.0
 */

const parameters = /;\s*([^\s=;,"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g

/** The target, as written, of the first link whose relation types have `next` among them, in any case. */
export const nextLink = (field = ""): string | undefined => {
  for (let open = field.indexOf("<"); open >= 0;) {
    const close = field.indexOf(">", open)
    if (close < 0) return undefined
    const following = field.indexOf("<", close)
    if (isNext(field.slice(close + 1, following < 0 ? undefined : following))) return field.slice(open + 1, close)
    open = following
  }
  return undefined
}

/** Whether a link with these parameters leads from this page to the next. */
const isNext = (written: string): boolean => {
  let rel: string | undefined
  for (const [, name = "", quoted, plain] of written.matchAll(parameters)) {
    // RFC 8288 §3.3: of several, the first counts.
    if (/^rel$/i.test(name)) rel ??= quoted ?? plain
    // §3.2: such a link leads from somewhere else.
    if (/^anchor$/i.test(name)) return false
  }
  return /(?:^|\s)next(?:\s|$)/i.test(rel ?? "")
}
