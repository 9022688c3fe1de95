/**
 * The head of a response: what its transport found, and the two forms in which it is asked for.
 */
import * as Headers from "@effect/platform/Headers"
import { fieldOf } from "../protocol/Fields.js"

/**
 * The head of a response, as the transport found it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResponseInit {
  readonly status: number
  readonly reasonPhrase: string
  /** E.g. `HTTP/1.1`; empty where the transport cannot tell. */
  readonly httpVersion: string
  /** `[name, value, name, value, …]` as on the wire. */
  readonly fields: ReadonlyArray<string>
  /** Of the two fields that reading the body needs. */
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
}

/**
 * The head of a response, for a transport that has its fields as a list.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initOf = (
  status: number,
  reasonPhrase: string,
  httpVersion: string,
  fields: ReadonlyArray<string>
): ResponseInit => ({
  status,
  reasonPhrase,
  httpVersion,
  fields,
  contentType: fieldOf(fields, "content-type"),
  contentEncoding: fieldOf(fields, "content-encoding")
})

/** By lower-case name, repeated fields joined with `, ` (RFC 9110 §5.3). */
export const headersOf = (fields: ReadonlyArray<string>): Headers.Headers => {
  const record: Record<string, string> = Object.create(null)
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    const before = record[name]
    record[name] = before === undefined ? fields[i + 1]! : `${before}, ${fields[i + 1]!}`
  }
  return Headers.unsafeFromRecord(record)
}

/** As a list of pairs: order, case and repetitions as they came. */
export const pairsOf = (fields: ReadonlyArray<string>): ReadonlyArray<readonly [name: string, value: string]> =>
  Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i]!, fields[2 * i + 1]!] as const)
