/**
 * The beginning of a body that a `StatusError` took along.
 *
 * @since 0.1.0
 */
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { decodeJsonText, decodeText, type DefaultEncoding } from "../content/charset.js"
import { mediaTypeOf } from "../content/MediaType.js"
import { ProblemDetails } from "./ProblemDetails.js"

/**
 * @since 0.1.0
 * @category models
 */
export class CapturedBody extends Inspectable.Class {
  readonly #bytes: Uint8Array
  readonly #defaultEncoding: DefaultEncoding | undefined

  constructor(
    bytes: Uint8Array,
    /** Whether the body has more than this: it was too long, too slow, did not arrive whole or was read by another. */
    readonly truncated: boolean,
    readonly contentType: string | undefined,
    defaultEncoding: DefaultEncoding | undefined
  ) {
    super()
    this.#bytes = bytes
    this.#defaultEncoding = defaultEncoding
  }

  /** A copy. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#bytes)
  }

  /** As `response.text` would have it; a character that was cut in two is U+FFFD. */
  get text(): string {
    return decodeText(this.#bytes, this.contentType, this.#defaultEncoding)
  }

  /** As JSON; none if it is not, or not whole. */
  get json(): Option.Option<unknown> {
    if (this.truncated) return Option.none()
    try {
      return Option.some(JSON.parse(decodeJsonText(this.#bytes)))
    } catch {
      return Option.none()
    }
  }

  /** As a problem document, if its type says that it is one. */
  get problem(): Option.Option<ProblemDetails> {
    if (mediaTypeOf(this.contentType)?.type !== "application/problem+json") return Option.none()
    return Option.flatMap(this.json, ProblemDetails.fromJson)
  }

  /** How much there is; never what. */
  toJSON(): unknown {
    return { _id: "effect-httpx/CapturedBody", bytes: this.#bytes.length, truncated: this.truncated }
  }
}
