/**
 * Problem documents (RFC 9457): what an API says about its failure in `application/problem+json`.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const members = ["type", "title", "status", "detail", "instance"] as const

/**
 * @since 0.1.0
 * @category models
 */
export class ProblemDetails extends Schema.Class<ProblemDetails>("effect-httpx/ProblemDetails")({
  /** A URI that names the kind of problem; `about:blank` for one that the status says all about. */
  type: Schema.String,
  /** What this kind of problem is, in a few words. */
  title: Schema.optional(Schema.String),
  /** The status as the origin sent it, which something in between may have changed. */
  status: Schema.optional(Schema.Number),
  /** What is the matter this time. */
  detail: Schema.optional(Schema.String),
  /** A URI that names this one occurrence. */
  instance: Schema.optional(Schema.String),
  /** All other members, as JSON has them. */
  extensions: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}) {
  /**
   * Reads a JSON value. RFC 9457 §3.1: members of a wrong type are ignored, and `type` is `about:blank` where there is none.
   * A value that is no object is no problem document.
   */
  static fromJson(json: unknown): Option.Option<ProblemDetails> {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return Option.none()
    const given = new Map<string, unknown>(Object.entries(json))
    const text = (name: string): string | undefined => {
      const value = given.get(name)
      return typeof value === "string" ? value : undefined
    }
    const status = given.get("status")
    const extensions = Object.fromEntries([...given].filter(([name]) => !members.some((member) => member === name)))
    return Option.some(
      new ProblemDetails(
        {
          type: text("type") ?? "about:blank",
          title: text("title"),
          status: typeof status === "number" ? status : undefined,
          detail: text("detail"),
          instance: text("instance"),
          extensions
        },
        // All is of the right type, and a copy would make a member `__proto__` the prototype.
        { disableValidation: true }
      )
    )
  }
}
