/**
 * The error codes of RST_STREAM and GOAWAY, by the names that RFC 9113 §7 gives them.
 */

export const noError = 0
export const protocolError = 1
export const refusedStream = 7
export const cancel = 8
export const enhanceYourCalm = 11

const names: ReadonlyArray<string> = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED"
]

/** The name of a code; of one that has none, its number. */
export const nameOf = (code: number): string => names[code] ?? `0x${code.toString(16)}`
