/** Our `parallel.over`, which takes its requests from a generator when it has room for them. */
import { Effect, Stream } from "effect"
import { type Open, urls } from "./client.js"
import { openOurs } from "./ours.js"

export const open: Open = async (options) => {
  const { client, close, run } = await openOurs(options)
  return {
    fanOut: (url, requests, gate) =>
      client.parallel
        .over(urls(url, requests), (url) => url, { concurrency: options.connections })
        .pipe(
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
