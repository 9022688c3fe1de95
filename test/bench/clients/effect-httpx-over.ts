/** Our `parallel.over`, which takes its requests from a generator when it has room for them. */
import { Effect, Stream, type Exit } from "effect"
import type { Response } from "effect-httpx"
import { NotThere, type Open, urls } from "./client.js"
import { openOurs } from "./ours.js"

interface WithOver {
  readonly over?: (
    input: Iterable<string>,
    f: (url: string, index: number) => string,
    options: { readonly concurrency: number }
  ) => Stream.Stream<{ readonly exit: Exit.Exit<Response.Response, unknown> }>
}

export const open: Open = async (options) => {
  const { client, close, run } = await openOurs(options)
  const { over } = client.parallel as WithOver
  if (over === undefined) throw new NotThere("parallel.over")
  return {
    fanOut: (url, requests, gate) =>
      over(urls(url, requests), (url) => url, { concurrency: options.connections }).pipe(
        Stream.runForEach(({ exit }) =>
          Effect.map(
            Effect.flatMap(exit, (response) => response.text),
            (text) => gate.complete(text)
          )
        ),
        run
      ),
    close
  }
}
