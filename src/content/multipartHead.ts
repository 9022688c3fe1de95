/**
 * What stands between the bytes of a multipart body (RFC 2046 §5.1, RFC 7578): boundaries, and the head of each part.
 *
 * @since 0.1.0
 */
import type { Fields } from "../protocol/Fields.js"
import { mediaTypeOf } from "./MediaType.js"

export interface PartHead {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  /** Further fields of the part; one of these names replaces what would be written. */
  readonly headers: Fields
}

/**
 * A name or file name inside its quotes, as the HTML Standard (§4.10.22.8) has browsers write it: nothing of it can end
 * the value or the line. Backslashes stay as they are, unlike in a quoted-string, because servers read them so.
 */
const escaped = (text: string): string =>
  text.replace(/[\r\n"]/g, (character) => (character === '"' ? "%22" : character === "\r" ? "%0D" : "%0A"))

/** Line breaks of a field's name are CRLF, those of a file name what they are (HTML Standard §4.10.22.8). */
const withCrlf = (text: string): string => text.replace(/\r\n?|\n/g, "\r\n")

/** The lines from a boundary to the part's bytes. Not Latin-1 as a message's own head is, but UTF-8 (RFC 7578 §5.1.2). */
export const partHead = (boundary: string, { contentType, filename, headers, name }: PartHead): Uint8Array => {
  let lines = `--${boundary}\r\n`
  if (!headers.has("content-disposition")) {
    lines += `Content-Disposition: form-data; name="${escaped(withCrlf(name))}"`
    lines += filename === undefined ? "\r\n" : `; filename="${escaped(filename)}"\r\n`
  }
  if (contentType !== undefined && !headers.has("content-type")) lines += `Content-Type: ${contentType}\r\n`
  return new TextEncoder().encode(`${lines}${headers.wire}\r\n`)
}

/** The last boundary. */
export const closing = (boundary: string): Uint8Array => new TextEncoder().encode(`--${boundary}--\r\n`)

// RFC 2046 §5.1.1
const legal = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/

export const isBoundary = (text: string): boolean => legal.test(text)

/** One that no content has in it: 128 random bits. */
export const randomBoundary = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The boundary that a Content-Type names. */
export const boundaryOf = (contentType: string | undefined): string | undefined =>
  mediaTypeOf(contentType)?.parameters.get("boundary")

/** The Content-Type that a caller gives a body which has one itself: one of a multipart without a boundary gets that of the body. */
export const withBoundaryOf = (body: string, contentType: string): string => {
  const boundary = boundaryOf(body)
  const given = boundary === undefined ? undefined : mediaTypeOf(contentType)
  if (boundary === undefined || given === undefined || given.parameters.has("boundary")) return contentType
  return given.type.startsWith("multipart/") ? withBoundary(contentType, boundary) : contentType
}

/** The media type with its boundary, which is quoted where it is no token (RFC 9110 §5.6.6). */
export const withBoundary = (mediaType: string, boundary: string): string =>
  `${mediaType}; boundary=${/^[\w'+\-.]+$/.test(boundary) ? boundary : `"${boundary}"`}`
