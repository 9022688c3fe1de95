/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A response whose readers are promises.
 */
import type * as Headers from "@effect/platform/Headers"
import type { Response } from "../Response.js"
import { elements, settled } from "./Runner.js"

/**
 * A response. One of `client.stream` is open until it is read, closed, or disposed of; `for await` gives its body as it
 * arrives, decoded.
 *
 * @since 0.1.0
 * @category models
 */
export class PromiseResponse implements AsyncIterable<Uint8Array>, AsyncDisposable {
  constructor(
    /** The same for code in Effect, with all that is not here. */
    readonly httpx: Response
  ) {}

  /** The status code, 200 to 999. */
  get status(): number {
    return this.httpx.status
  }

  /** Whether the status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  /** The reason phrase as sent; empty if there was none. */
  get reasonPhrase(): string {
    return this.httpx.reasonPhrase
  }

  /** The URL that answered. */
  get url(): string {
    return this.httpx.url
  }

  /** The fields by lower-case name, repeated ones joined with `, `. */
  get headers(): Headers.Headers {
    return this.httpx.headers
  }

  /** The whole body, decoded; rejects with a `ReadFailure`, as the readers below do. */
  bytes(): Promise<Uint8Array> {
    return settled(this.httpx.read)
  }

  /** The whole body as text: by a byte order mark, else by the charset of Content-Type, else as UTF-8. */
  text(): Promise<string> {
    return settled(this.httpx.text)
  }

  /** The whole body as JSON; rejects with `DecodingError` if it is none. */
  json(): Promise<unknown> {
    return settled(this.httpx.json)
  }

  /** The body as lines of text, without their ends. */
  lines(): AsyncIterable<string> {
    return elements(this.httpx.lines)
  }

  /** This response; rejects with `StatusError` if its status is not 2xx. */
  async raiseForStatus(): Promise<this> {
    await settled(this.httpx.raiseForStatus)
    return this
  }

  /** Ends the response, and waits until its connection is released. What is in memory can still be read. */
  close(): Promise<void> {
    return settled(this.httpx.close)
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return elements(this.httpx.stream)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The head, redacted; never the body. */
  toJSON(): unknown {
    return this.httpx.toJSON()
  }
}
