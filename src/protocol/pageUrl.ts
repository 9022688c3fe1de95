/**
 * URLs of pages: the next one from how it is named, and one with other parameters in its query. What is not changed
 * stays as it was written, because signatures are made over it.
 *
 * @since 0.1.0
 */
import { type ParamValue } from "./params.js"
import { percentDecode, percentEncode } from "./percent.js"
import { isAbsolute } from "./target.js"

/** A URL as it is named on the page with this URL. What makes no URL stays as it is. */
export const resolvePage = (written: string, base: string): string => {
  if (isAbsolute(written)) return written
  try {
    const { origin, pathname, search } = new URL(written, base)
    return origin + pathname + (queryOf(written) ?? search)
  } catch {
    return written
  }
}

/** The parameters with which pages are told apart. */
export type PageParams = Readonly<Record<string, ParamValue>>

/** A URL with these parameters in place of those of the same names. */
export const withParams = (url: string, params: PageParams): string => {
  const [place = ""] = url.split("#", 1)
  const query = queryOf(place) ?? ""
  const kept = query
    .slice(1)
    .split("&")
    .filter((piece) => piece !== "" && !(nameOf(piece) in params))
  const added = Object.entries(params).map(([name, value]) => `${percentEncode(name)}=${percentEncode(String(value))}`)
  return `${place.slice(0, place.length - query.length)}?${[...kept, ...added].join("&")}`
}

/** The value of a parameter of a URL; of several, the first. */
export const paramOf = (url: string, name: string): string | undefined => {
  const piece = (queryOf(url) ?? "")
    .slice(1)
    .split("&")
    .find((piece) => nameOf(piece) === name)
  return piece === undefined ? undefined : decode(piece.slice(piece.indexOf("=") + 1))
}

/** Whether a link whose context (RFC 8288 §3.2) this is leads from the page with this URL, and not from a part of it. */
export const isSameResource = (context: string, url: string): boolean =>
  context === url || (URL.canParse(url) && context === new URL("", url).href)

/** A URL with the user of another one, unless it names its own. */
export const withUserOf = (from: string, url: string): string => {
  const user = userOf(from)
  return user === undefined || userOf(url) !== undefined ? url : url.replace("//", `//${user}`)
}

const userOf = (url: string): string | undefined => /^https?:\/\/([^/?#\\]*@)/i.exec(url)?.[1]

/** `?` and what follows it, without the fragment. */
const queryOf = (url: string): string | undefined => /^[^?#]*(\?[^#]*)/.exec(url)?.[1]

const nameOf = (piece: string): string => decode(piece.split("=", 1)[0]!)

const decode = (text: string): string => percentDecode(text.replaceAll("+", " "))
