/**
 * Text of fields that is not ASCII. It is read as latin1, a character a byte. What servers send raw is UTF-8 more often than
 * latin1, and latin1 hardly ever looks like UTF-8.
 */

/** The same as UTF-8, if it is that. */
export const rawText = (value: string): string => {
  if (!/[\x80-\xff]/.test(value) || /[^\x00-\xff]/.test(value)) return value
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(value, (byte) => byte.charCodeAt(0)))
  } catch {
    return value
  }
}
