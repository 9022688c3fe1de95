/** A server that sets the cookies it is asked to set, and answers with the Cookie field that it was sent. */
import { HttpClient } from "@effect/platform"
import { Client, Cookies } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { Effect } from "effect"

/** `?set=…` is a Set-Cookie field of the answer, each time that it is there. */
export const cookieHandler: InProcess.Handler = ({ headers, query }) =>
  Effect.succeed({
    headers: query.getAll("set").map((text) => ["Set-Cookie", text] as const),
    body: headers.getAll("cookie").join(" | ")
  })

/** A URL at which the server sets cookies. */
export const setting = (url: string, ...fields: ReadonlyArray<string>): string =>
  `${url}?${fields.map((field) => `set=${encodeURIComponent(field)}`).join("&")}`

/** A client with a jar, and what a server at a URL is sent by it. All hosts are this server. */
export const visitor = (options?: Cookies.CookiesOptions) =>
  Effect.gen(function* () {
    const jar = yield* Cookies.make(options)
    const client = yield* Effect.provideService(
      Client.make({ cookies: jar }),
      HttpClient.HttpClient,
      InProcess.make(cookieHandler)
    )
    const visit = (url: string, ...set: ReadonlyArray<string>) =>
      Effect.flatMap(client.get(setting(url, ...set)), (response) => response.text)
    return { jar, client, visit }
  })
