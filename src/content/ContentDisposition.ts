/**
 * What a server wants to have done with a body (RFC 6266), and a name for its file that cannot do harm.
 *
 * @since 0.1.0
 */
import { parse } from "content-disposition"
import * as Option from "effect/Option"
import { rawText } from "../protocol/rawText.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ContentDisposition {
  /** In lower case: `inline`, `attachment`, or what else was sent. One that is not known is to be treated as `attachment`. */
  readonly type: string
  /**
   * The name to save the body under, made safe: the last segment of what was sent, without control characters and what
   * file systems have other uses for, at most 255 bytes, no name of a device, not empty, no `.` and no `..`. None if nothing
   * is left of it.
   */
  readonly fileName: Option.Option<string>
  /** As sent, names in lower case, extended values decoded under their plain name. Not safe as a path. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * What a Content-Disposition says; `undefined` if it says nothing.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseContentDisposition = (field: string): ContentDisposition | undefined => {
  const { parameters, type } = parse(field)
  // RFC 6266 §4.1: the type is a token. The parser takes everything up to the first semicolon.
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(type)) return undefined
  const given = new Map(Object.entries(parameters))
  const sent = given.get("filename")
  const fileName = sent === undefined ? Option.none() : safeFileName(given.has("filename*") ? sent : rawText(sent))
  return { type, fileName, parameters: given }
}

// CON, NUL… are devices on Windows, whatever their extension.
const device = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)$/i

/**
 * A file name that names a file in the directory where it is put, and nothing else, on every system; none if nothing is left
 * of it (RFC 6266 §4.3).
 *
 * @since 0.1.0
 * @category decisions
 */
export const safeFileName = (sent: string): Option.Option<string> => {
  // Both separators, whatever the system is: the name may travel on.
  const last = sent.split(/[\\/]/).at(-1)!
  const printable = last
    // Control characters, and those that turn the direction of what is shown: `gpj.exe` may look like `exe.jpg`.
    .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
  // At its beginning a dot hides the file, or makes it `..`; Windows drops dots and spaces from its end.
  const visible = printable.replace(/^[\s.]+/, "")
  const [stem = ""] = visible.split(".", 1)
  const name = shortened(device.test(stem.trimEnd()) ? `_${visible}` : visible).replace(/[\s.]+$/, "")
  return name === "" ? Option.none() : Option.some(name)
}

const mostBytes = 255

/** Cut in its stem, so that the extension stays, if it is one. */
const shortened = (name: string): string => {
  if (bytesIn(name) <= mostBytes) return name
  const dot = name.lastIndexOf(".")
  const extension = dot > 0 && bytesIn(name.slice(dot)) <= 32 ? name.slice(dot) : ""
  const stem = Array.from(name.slice(0, name.length - extension.length))
  let [kept, left] = ["", mostBytes - bytesIn(extension)]
  for (const character of stem) {
    left -= bytesIn(character)
    if (left < 0) break
    kept += character
  }
  return kept + extension
}

const bytesIn = (text: string): number => new TextEncoder().encode(text).length
