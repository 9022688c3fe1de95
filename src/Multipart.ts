/**
 * `multipart/form-data` bodies from parts of any kind: text, bytes, `Blob`s, streams, files by path, web `FormData`.
 *
 * When to use: give what is made here as `content` of a request; its Content-Type comes with it.
 *
 * What to know: nothing is read before it is sent, and no part is held in memory that was not there before. If the length
 * of each part is known, that of the body is, and is its Content-Length; else it is sent in chunks. It can be sent again
 * if all of its parts can. Names and file names are escaped as browsers do it; text and its line breaks stay as they are.
 *
 * Gotchas: a file is looked at when its part is made and opened each time it is sent. One that has vanished by then is a
 * `BodyError`, one that has another length a `LocalProtocolError`; the request is then cut off, never completed.
 *
 * @example
 * ```ts
 * import { Client, Multipart } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const upload = Effect.gen(function* () {
 *   const photo = yield* Multipart.file("photo", "./cat.jpg")
 *   const about = Multipart.part("about", JSON.stringify({ name: "Cat" }), { contentType: "application/json" })
 *   return yield* Client.post("https://api.example.com/pets", { content: Multipart.make([about, photo]) })
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { lookup } from "mrmime"
import { randomBoundary } from "./content/multipartHead.js"
import { Fields, type FieldsInput } from "./protocol/Fields.js"
import type { ParamValue } from "./protocol/params.js"
import { type ContentContext, type ContentError, type ContentInput, notContent, sourceOf } from "./request/content.js"
import { ContentSource } from "./request/ContentSource.js"
import { thrown } from "./request/details.js"
import { multipartSource, type Part } from "./request/multipart.js"

export type { Part } from "./request/multipart.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface PartOptions {
  /** `null` is none. Default: that of a `File`, `blob` for any other `Blob`, of a file by path its last segment, else none. */
  readonly filename?: string | null | undefined
  /** Default: that of a `Blob`; for the rest by the file name's extension, else `application/octet-stream`; none without a file name. */
  readonly contentType?: string | undefined
  /** Further fields of the part; a Content-Type or Content-Disposition here is the one that is sent. Default: none. */
  readonly headers?: FieldsInput | undefined
  /** How many bytes a stream has; more or fewer fail. Default: not known. */
  readonly contentLength?: number | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface MultipartOptions {
  /** What stands between the parts; it must not be in them. Default: 128 random bits. */
  readonly boundary?: string | undefined
  /** Default: `multipart/form-data`. */
  readonly mediaType?: string | undefined
}

/**
 * A part from any content, or from a function that gives it anew each time it is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const part = <C extends ContentInput<unknown, unknown>>(
  name: string,
  content: C,
  options: PartOptions = {}
): Part<ContentError<C>, ContentContext<C>> => {
  try {
    return partOf(name, content, options)
  } catch (cause) {
    return unmade(name, `an option of it threw: ${thrown(cause)}`)
  }
}

const partOf = <C extends ContentInput<unknown, unknown>>(
  name: string,
  content: C,
  options: PartOptions
): Part<ContentError<C>, ContentContext<C>> => {
  // What the content can fail with and needs is in its type.
  const made = sourceOf(content) as ContentSource<ContentError<C>, ContentContext<C>> | undefined
  const source = measured(made, options.contentLength)
  const filename = options.filename === undefined ? filenameOf(content) : (options.filename ?? undefined)
  const known = typeof source === "string" ? undefined : source.contentType
  const contentType = options.contentType ?? known ?? (filename === undefined ? undefined : typeOf(filename))
  return { name, filename, contentType, headers: Fields.from(options.headers), source }
}

/** A part that no body can have: what was given is no part. */
const unmade = (name: string, why: string): Part => ({
  name,
  filename: undefined,
  contentType: undefined,
  headers: Fields.empty,
  source: why
})

/** With the length that the caller says it has. */
const measured = <E, R>(
  source: ContentSource<E, R> | undefined,
  given: number | undefined
): ContentSource<E, R> | string => {
  if (source === undefined) return notContent
  if (given === undefined || source.length === given) return source
  if (!Number.isSafeInteger(given) || given < 0)
    return `contentLength is ${given}, and should be a whole number of bytes`
  const { contentType, isRepeatable, isSpent, length, problem, stream } = source
  if (length !== undefined) return `contentLength is ${given}, but the content has ${length} bytes`
  return new ContentSource<E, R>(stream, isRepeatable, given, contentType, isSpent, problem)
}

const filenameOf = (content: unknown): string | undefined => {
  if (!(content instanceof Blob)) return undefined
  return "name" in content && typeof content.name === "string" ? content.name : "blob"
}

/** By the extension: a name without a dot inside has none, whatever it is. */
const typeOf = (filename: string): string =>
  (/.\./s.test(filename) ? lookup(filename) : undefined) ?? "application/octet-stream"

/**
 * A part from a file, with the length that it has now. It is opened when the request is sent, and closed however that ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const file = (
  name: string,
  path: string,
  options?: Omit<PartOptions, "contentLength"> | undefined
): Effect.Effect<Part<PlatformError>, PlatformError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
    Effect.map(fileSystem.stat(path), ({ size, type }) =>
      part(name, () => fileSystem.stream(path), {
        filename: path.slice(path.search(/[^/\\]*$/)),
        ...options,
        // That of a pipe or a device is not known.
        contentLength: type === "File" ? Number(size) : undefined
      })
    )
  )

/**
 * A body from parts, in their order: `content` for a request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Parts extends ReadonlyArray<Part<unknown, unknown>>>(
  parts: Parts,
  { boundary = randomBoundary(), mediaType = "multipart/form-data" }: MultipartOptions = {}
): ContentSource<PartFailure<Parts[number]>, PartContext<Parts[number]>> =>
  // What each part can fail with and needs is in the type of the list.
  multipartSource(
    Array.isArray(parts) ? parts : [unmade("", "the parts are no list")],
    mediaType,
    boundary
  ) as ContentSource<PartFailure<Parts[number]>, PartContext<Parts[number]>>

/**
 * What a field of a form can be.
 *
 * @since 0.1.0
 * @category models
 */
export type FormValue = ParamValue | Blob

/**
 * The parts of a form: of a web `FormData`, or of a record, where a list repeats its name and `undefined` leaves it out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const form = (
  fields: FormData | Readonly<Record<string, FormValue | ReadonlyArray<FormValue> | undefined>>
): ReadonlyArray<Part> => {
  if (!Predicate.isObject(fields)) return [unmade("", "the fields are no record")]
  try {
    return partsOf(fields)
  } catch (cause) {
    return [unmade("", `the fields of the form threw: ${thrown(cause)}`)]
  }
}

const partsOf = (fields: object): ReadonlyArray<Part> => {
  const entries: Iterable<readonly [string, unknown]> =
    typeof FormData === "function" && fields instanceof FormData ? fields : Object.entries(fields)
  const parts: Array<Part> = []
  for (const [name, given] of entries) {
    const values: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
    for (const value of values) if (value !== undefined) parts.push(field(name, value))
  }
  return parts
}

const field = (name: string, value: unknown): Part => {
  if (value instanceof Blob) return part(name, value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return part(name, value.toISOString())
  const isText = typeof value === "string" || typeof value === "bigint" || typeof value === "boolean"
  if (isText || Number.isFinite(value)) return part(name, String(value))
  return unmade(name, notField)
}

const notField = "it is no text, finite number, boolean, date or Blob"

/**
 * What a part can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type PartFailure<P> = P extends Part<infer E, infer _R> ? E : never

/**
 * What a part needs.
 *
 * @since 0.1.0
 * @category models
 */
export type PartContext<P> = P extends Part<infer _E, infer R> ? R : never
