/**
 * Media types (RFC 9110 §8.3.1): what a `Content-Type` says.
 *
 * @since 0.1.0
 */
import { parametersIn } from "./parameters.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface MediaType {
  /** Type and subtype, in lower case: `text/html`. */
  readonly type: string
  /** By lower-case name; of a name that is there twice, the first. */
  readonly parameters: ReadonlyMap<string, string>
}

// RFC 9110 §5.6.2
const typeAndSubtype = /^[\t ]*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)[\t ]*(?=[;,]|$)/

/**
 * The media type that a `Content-Type` names, or `undefined` if that is none. Lenient with what comes after it: an unclosed
 * quote, single quotes, white space around `=`. Of a field that was sent twice, the first.
 *
 * @since 0.1.0
 * @category parsing
 */
export const mediaTypeOf = (contentType: string | undefined): MediaType | undefined => {
  const [whole, type] = typeAndSubtype.exec(contentType ?? "") ?? []
  if (contentType === undefined || whole === undefined || type === undefined) return undefined
  const parameters = new Map<string, string>()
  for (const [name, value] of parametersIn(contentType.slice(whole.length))) {
    if (!parameters.has(name)) parameters.set(name, value)
  }
  return { type: type.toLowerCase(), parameters }
}
