/**
 * Percent-encoding (RFC 3986 §2.1) that has an answer for every string.
 *
 * @since 0.1.0
 */

/** `encodeURIComponent`, but a lone surrogate, which has no UTF-8 form, becomes U+FFFD as in the URL Standard. */
export const percentEncode = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"))
  }
}

/** `decodeURIComponent`, but what is not percent-encoded UTF-8 stays as it is. */
export const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
