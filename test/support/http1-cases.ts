/** How the parser's tests write a response, and read one with portable and with native byte operations. */
import { expect } from "vitest"
import { type ResponseSink } from "../../src/protocol/http1/ResponseParser.js"
import { record, type RecordOptions } from "./http1-recorder.js"

export const ok = "HTTP/1.1 200 OK\r\n"
export const head = (...lines: ReadonlyArray<string>): string =>
  `${ok}${lines.map((line) => `${line}\r\n`).join("")}\r\n`
export const chunked = (body: string): string => head("Transfer-Encoding: chunked") + body

/** What whole bytes and single bytes both give. */
export const both = (input: string, options: RecordOptions = {}) => {
  const whole = record(input, options)
  const each = record(input, { ...options, cuts: "each" })
  expect({ ...each, message: "" }).toEqual({ ...whole, message: "" })
  return whole
}
export const violation = (input: string, options?: RecordOptions): string | undefined => both(input, options).violation
export const fields = (...lines: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  both(head(...lines)).head?.fields

export const silent: ResponseSink = {
  onInformational: () => undefined,
  onHead: () => undefined,
  onData: () => undefined,
  onEnd: () => undefined
}
