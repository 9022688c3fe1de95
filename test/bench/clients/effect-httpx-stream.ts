/** Our client under `Stream.mapEffect`: what Effect itself has for requests that are made on the way. */
import { Effect, Stream } from "effect"
import { type Open, urls } from "./client.js"
import { openOurs } from "./ours.js"

export const open: Open = async (options) => {
  const { client, close, run } = await openOurs(options)
  const get = (url: string) => Effect.flatMap(client.get(url), (response) => response.text)
  return {
    fanOut: (url, requests, gate) =>
      Stream.fromIterable(urls(url, requests)).pipe(
        Stream.mapEffect(get, { concurrency: options.connections, unordered: true }),
        Stream.runForEach((text) => Effect.sync(() => gate.complete(text))),
        run
      ),
    close
  }
}
