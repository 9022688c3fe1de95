/**
 * A field's value without the spaces and tabs around it, which are no part of it (RFC 9110 §5.5).
 *
 * Not a regular expression: looking for padding at the end, one tries each run of spaces inside the value, again and again.
 */
export const unpadded = (value: string): string => {
  let start = 0
  let end = value.length
  while (start < end && isPadding(value.charCodeAt(start))) start++
  while (end > start && isPadding(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

const isPadding = (code: number): boolean => code === 0x20 || code === 0x09
