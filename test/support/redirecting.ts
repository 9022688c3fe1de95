/** Servers that redirect: `/307?to=…` answers 307 with that Location, all other paths tell what they were asked. */
import { HttpClient } from "@effect/platform"
import { Effect } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { listen, makeRoutes } from "./routes.js"

/** The path of a redirect to there. */
export const to = (location: string, status = 302): string => `/${status}?to=${encodeURIComponent(location)}`

/** A chain of so many redirects to `/end`. */
export const chain = (count: number): string => (count === 0 ? "/end" : to(chain(count - 1)))

/** What redirects a request, or nothing. */
export const redirection = ({ path, query }: InProcess.Incoming): InProcess.Reply | undefined => {
  const status = /^\/(\d{3})$/.exec(path)?.[1]
  const location = query.get("to")
  if (status === undefined || location === null) return undefined
  return { status: Number(status), headers: { location }, body: `moved by ${status}` }
}

/** A server function that redirects and tells, and what it was asked. */
export const redirecting = () => {
  const { handler } = makeRoutes()
  const seen: Array<InProcess.Incoming> = []
  const answer: InProcess.Handler = (request) => {
    seen.push(request)
    const reply = redirection(request)
    return reply === undefined ? handler(request) : Effect.succeed(reply)
  }
  return { answer, seen }
}

/** Two servers on sockets, each another origin, and a client of the first with its pool's numbers. */
export const twoServers = (options?: Client.ClientOptions, transportOptions?: Transport.TransportOptions) =>
  Effect.gen(function* () {
    const [one, two] = [redirecting(), redirecting()]
    const [url, other] = [yield* listen(one.answer), yield* listen(two.answer)]
    const { httpClient, stats } = yield* Transport.make(transportOptions)
    const client = yield* Effect.provideService(
      Client.make({ baseUrl: url, ...options }),
      HttpClient.HttpClient,
      httpClient
    )
    return { client, httpClient, stats, url, other, seen: one.seen, seenByOther: two.seen }
  })

/** A client of a server function that has all names, by http and https. */
export const everywhere = (options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const { answer, seen } = redirecting()
    const httpClient = InProcess.make(answer)
    const client = yield* Effect.provideService(Client.make(options), HttpClient.HttpClient, httpClient)
    return { client, httpClient, seen }
  })
