/** Answers in pages: which requests are made for them, when, and where they may go. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Data, Deferred, Effect, Exit, Fiber, Redacted, Schema, Stream } from "effect"
import { HttpIncomingMessage } from "@effect/platform"
import { Auth, Client, Cookies, Pagination, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { atRest, connected, failsWith } from "./support/failing.js"
import { started } from "./support/gatedServer.js"
import { listen } from "./support/routes.js"

/** A server, what it was asked, and a client of it. */
const serving = (handler: InProcess.Handler, options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const asked: Array<InProcess.Incoming> = []
    const url = yield* listen((request) => {
      asked.push(request)
      return handler(request)
    })
    const transport = yield* connected({}, { baseUrl: url, ...options })
    const targets = () => asked.map((request) => request.url.slice(url.length))
    return { ...transport, url, asked, targets }
  })

/** Numbers from 1 to 9, three a page, with links to the page after. */
const linked: InProcess.Handler = ({ query }) =>
  Effect.sync(() => {
    const page = Number(query.get("page") ?? 1)
    const numbers = [1, 2, 3].map((n) => (page - 1) * 3 + n)
    const link = `</first>; rel="first", </numbers?page=${page + 1}>; rel="next"`
    return InProcess.json(numbers, { headers: page < 3 ? { link } : {} })
  })

const Numbers = Schema.Array(Schema.Number)

const collected = <A, E, R>(stream: Stream.Stream<A, E, R>) => Effect.map(Stream.runCollect(stream), Chunk.toArray)

const fromOneTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

describe("pages", () => {
  it.scopedLive("are those that links lead to, in their order", () =>
    Effect.gen(function* () {
      const { client, stats, targets } = yield* serving(linked)
      const pages = Pagination.pages(client, "/numbers", Pagination.byLink)
      const bodies = yield* collected(Stream.mapEffect(pages, (page) => page.json))
      expect(bodies).toEqual([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9]
      ])
      expect(targets()).toEqual(["/numbers", "/numbers?page=2", "/numbers?page=3"])
      // One run knows nothing of another.
      expect(yield* Stream.runCount(pages)).toBe(3)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("are asked for with the first one's method and fields, and no parameters of the client's", () =>
    Effect.gen(function* () {
      const { asked, client, targets } = yield* serving(linked, { headers: { "x-client": "1" }, params: { key: "k" } })
      const first = { method: "REPORT", url: "/numbers", params: { page: 2 }, headers: { "x-own": "2" } }
      yield* Stream.runDrain(Pagination.pages(first, Pagination.byLink)(client))
      expect(targets()).toEqual(["/numbers?key=k&page=2", "/numbers?page=3"])
      for (const { headers, method } of asked) {
        expect([method, headers.get("x-client"), headers.get("x-own")]).toEqual(["REPORT", "1", "2"])
      }
    })
  )

  it.scopedLive("can begin with a request, and go on with requests", () =>
    Effect.gen(function* () {
      const { asked, client, url } = yield* serving(({ body }) => Effect.map(body, (body) => ({ body })))
      const search = (after: number) => Request.make("POST", url, { json: { after } })
      const pages = Pagination.pages(client, search(0), (page) =>
        Effect.map(page.json, (body) => {
          const { after } = body as { readonly after: number }
          return after === 2 ? undefined : search(after + 1)
        })
      )
      expect(yield* collected(Stream.mapEffect(pages, (page) => page.text))).toEqual([
        '{"after":0}',
        '{"after":1}',
        '{"after":2}'
      ])
      expect(asked.map(({ method }) => method)).toEqual(["POST", "POST", "POST"])
    })
  )

  it.scopedLive("can be named by what is on them: a URL, or null at the end", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(({ path }) =>
        Effect.succeed(InProcess.json({ next: path === "/a" ? "b?x=%2f" : null }))
      )
      const next: Pagination.Next<unknown> = (page) =>
        Effect.map(page.json, (body) => (body as { readonly next: string | null }).next)
      expect(yield* Stream.runCount(Pagination.pages(client, new URL("/a", "http://other.test").pathname, next))).toBe(
        2
      )
      expect(targets()).toEqual(["/a", "/b?x=%2f"])
    })
  )

  it.scopedLive("are asked for when they are wanted, and no sooner", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(linked)
      const items = Pagination.items(client, "/numbers", Pagination.byLink, Numbers)
      expect(yield* collected(Stream.take(items, 3))).toEqual([1, 2, 3])
      expect(targets()).toEqual(["/numbers"])
      expect(yield* collected(Stream.take(items, 4))).toEqual([1, 2, 3, 4])
      expect(targets()).toEqual(["/numbers", "/numbers", "/numbers?page=2"])
    })
  )

  it.scopedLive("end with the error of the page that cannot be had", () =>
    Effect.gen(function* () {
      const { client } = yield* serving((request) =>
        request.query.get("page") === "2" ? Effect.succeed({ status: 503, body: "later" }) : linked(request)
      )
      const seen: Array<number> = []
      const items = Pagination.items(client, "/numbers", Pagination.byLink, Numbers)
      const error = yield* failsWith(
        Stream.runForEach(items, (n) => Effect.sync(() => seen.push(n))),
        "StatusError"
      )
      expect(error.status).toBe(503)
      expect(yield* error.response.text).toBe("later")
      expect(seen).toEqual([1, 2, 3])
      const pages = Pagination.pages(client, "/numbers", Pagination.byLink, { raiseForStatus: false })
      expect((yield* collected(pages)).map(({ status }) => status)).toEqual([200, 503])
    })
  )
})

describe("the next page", () => {
  it.scopedLive.each([
    ['<?page=2>; rel="next"', "/list?page=2"],
    ['</1>; rel="prev", <2?a=1,2;3&sig=%2f\'>; REL="prefetch NEXT", </9>; rel=next', "/2?a=1,2;3&sig=%2f'"],
    ["</1>; rel=prev; rel=next, </2>; rel=next", "/2"],
    ['</1>; rel="next"; anchor="#part", </3>; rel="next"; anchor="/other", </2>; rel="next"', "/2"],
    ['</2>; rel="next"; anchor="/list?page=1"', "/2"],
    ['</2>; rel="next"; anchor=""', "/2"],
    ['</2>; rel="http://rels.test/next"', undefined],
    ['</2>; title="; rel=next"', undefined],
    ["no link at all; rel=next", undefined]
  ] as const)("by link is the first that leads from this page, as it is written: %s", ([link, next]) =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(({ path, query }) =>
        Effect.succeed({ headers: path === "/list" && query.get("page") === "1" ? { link } : {} })
      )
      yield* Stream.runDrain(Pagination.pages(client, "/list?page=1", Pagination.byLink))
      expect(targets()).toEqual(["/list?page=1", ...(next === undefined ? [] : [next])])
    })
  )

  it.scopedLive("by cursor is the same URL with another cursor in it", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(({ query }) =>
        Effect.succeed(InProcess.json({ next: { a: "b&", "b&": null }[query.get("after") ?? ""] }))
      )
      const Meta = Schema.Struct({ next: Schema.NullOr(Schema.String) })
      const next = Pagination.byCursor((page) =>
        Effect.map(HttpIncomingMessage.schemaBodyJson(Meta)(page), ({ next }) =>
          next === null ? null : { after: next }
        )
      )
      expect(yield* Stream.runCount(Pagination.pages(client, "/?after=a&sig=%2f", next))).toBe(2)
      expect(targets()).toEqual(["/?after=a&sig=%2f", "/?sig=%2f&after=b%26"])
    })
  )

  /** The numbers from 1 to 7, never more than three at once. */
  const sliced: InProcess.Handler = ({ query }) => {
    const offset = Number(query.get("offset") ?? query.get("skip") ?? 0)
    return Effect.succeed(InProcess.json(fromOneTo(7).slice(offset, offset + 3), { headers: { "x-total": "7" } }))
  }
  const count = (page: Parameters<Pagination.Next>[0]) =>
    Effect.map(page.json, (body) => (body as Array<number>).length)

  it.scopedLive("by offset is as far as items have come, whatever the limit", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(sliced)
      const first = { url: "/", params: { limit: 100 } }
      const items = Pagination.items(client, first, Pagination.byOffset({ count }), Numbers)
      expect(yield* collected(items)).toEqual(fromOneTo(7))
      expect(targets()).toEqual(["/?limit=100", "/?limit=100&offset=3", "/?limit=100&offset=6", "/?limit=100&offset=7"])
    })
  )

  it.scopedLive("by offset is not asked for where the total says that there is none", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(sliced)
      const next = Pagination.byOffset({
        count,
        param: "skip",
        start: 0,
        total: (page) => Effect.succeed(Number(page.headers["x-total"]))
      })
      expect(yield* collected(Pagination.items(client, "/?skip=3", next, Numbers))).toEqual([4, 5, 6, 7])
      expect(targets()).toEqual(["/?skip=3", "/?skip=6"])
    })
  )

  it.scopedLive("by number is the one after, until one is the last", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(linked)
      const isLast = (page: Parameters<Pagination.Next>[0]) => Effect.succeed(page.headers["link"] === undefined)
      expect(yield* Stream.runCount(Pagination.pages(client, "/numbers", Pagination.byPageNumber({ isLast })))).toBe(3)
      expect(targets()).toEqual(["/numbers", "/numbers?page=2", "/numbers?page=3"])
      const other = Pagination.byPageNumber({ isLast: () => Effect.succeed(true), param: "p", start: 0 })
      expect(yield* Stream.runCount(Pagination.pages(client, "/numbers", other))).toBe(1)
    })
  )

  it.scopedLive("that cannot be found fails with the error of whoever looked for it", () =>
    Effect.gen(function* () {
      class Lost extends Data.TaggedError("Lost")<{ readonly message: string }> {}
      const { client } = yield* serving(linked)
      const lost = Pagination.byCursor(() => Effect.fail(new Lost({ message: "no cursor" })))
      yield* failsWith(Stream.runDrain(Pagination.pages(client, "/numbers", lost)), "Lost")
      const error = yield* Effect.flip(
        Stream.runDrain(
          Pagination.items(client, "/numbers", Pagination.byLink, () => Effect.fail(new Lost({ message: "no items" })))
        )
      )
      expect(error).toMatchObject({ _tag: "Lost", message: "no items" })
    })
  )

  it.scopedLive("that is no URL fails as a call to it does", () =>
    Effect.gen(function* () {
      const { client } = yield* serving(linked)
      const to = (url: string) => Stream.runDrain(Pagination.pages(client, "/numbers", () => Effect.succeed(url)))
      yield* failsWith(to("http://[/"), "InvalidUrl")
      yield* failsWith(to("//[/"), "InvalidUrl")
      yield* failsWith(to("ftp://127.0.0.1/"), "UnsupportedProtocol")
    })
  )

  it.scopedLive("that there was already is an error, not a loop", () =>
    Effect.gen(function* () {
      const { client, targets, url } = yield* serving(({ path }) =>
        Effect.succeed({ headers: { link: `<${path === "/a" ? "/b" : "/a"}?secret=1>; rel="next"` } })
      )
      const error = yield* failsWith(
        Stream.runDrain(Pagination.pages(client, "/a?secret=1", Pagination.byLink)),
        "PaginationError"
      )
      expect(error.reason).toBe("Loop")
      expect(error.next).toBe(`${url}/a?secret=<redacted>`)
      expect(error.message).not.toContain("secret=1")
      expect(error.request.url).toBe(`${url}/b?secret=<redacted>`)
      expect(error.response.status).toBe(200)
      expect(targets()).toEqual(["/a?secret=1", "/b?secret=1"])
    })
  )

  it.scopedLive("that is one too many is an error, and is not asked for", () =>
    Effect.gen(function* () {
      const { client, targets } = yield* serving(linked)
      const upTo = (maxPages: number) =>
        Stream.runCount(Pagination.pages(client, "/numbers", Pagination.byLink, { maxPages }))
      const error = yield* failsWith(upTo(2), "PaginationError")
      expect(error.reason).toBe("TooManyPages")
      expect(targets().length).toBe(2)
      expect(yield* upTo(3)).toBe(3)
    })
  )
})

describe("a page on another origin", () => {
  const elsewhere = (options?: Client.ClientOptions) =>
    Effect.gen(function* () {
      const other = yield* serving(({ path }) => Effect.succeed({ body: path }))
      const here = yield* serving(
        () => Effect.succeed({ headers: { link: `<${other.url}/there>; rel="next"` }, body: "/here" }),
        options
      )
      return { other, here }
    })

  it.scopedLive("is not asked for", () =>
    Effect.gen(function* () {
      const { here, other } = yield* elsewhere()
      const error = yield* failsWith(
        Stream.runDrain(Pagination.pages(here.client, "/here", Pagination.byLink)),
        "PaginationError"
      )
      expect(error.reason).toBe("OtherOrigin")
      expect(error.next).toBe(`${other.url}/there`)
      expect(other.asked).toEqual([])
    })
  )

  it.scopedLive("is asked for where that is allowed, without credentials", () =>
    Effect.gen(function* () {
      const { here, other } = yield* elsewhere({ headers: { authorization: "Bearer s3cret", "x-client": "1" } })
      const origins: Array<string> = []
      const allowOrigin = (origin: string) => {
        origins.push(origin)
        return origin === other.url
      }
      const first = { url: "/here", headers: { cookie: "s3cret=1", "x-api-key": "s3cret", host: "virtual.test" } }
      const pages = Pagination.pages(here.client, first, Pagination.byLink, { allowOrigin })
      expect(yield* collected(Stream.mapEffect(pages, (page) => page.text))).toEqual(["/here", "/there"])
      expect(origins).toEqual([other.url])
      const [asked] = other.asked
      expect(JSON.stringify([...(asked?.headers ?? [])])).not.toContain("s3cret")
      expect(asked?.headers.get("host")).toBe(new URL(other.url).host)
      expect(asked?.headers.get("x-client")).toBe("1")
    })
  )

  it.scopedLive(
    "is asked for without the client's auth, the call's, and the user of the first URL, which stay for the others",
    () =>
      Effect.gen(function* () {
        const back = yield* Deferred.make<string>()
        const other = yield* serving(() =>
          Effect.map(Deferred.await(back), (url) => ({ headers: { link: `<${url}/back>; rel="next"` } }))
        )
        const answer: InProcess.Handler = ({ path }) =>
          Effect.succeed({ headers: path === "/back" ? {} : { link: `<${other.url}/there>; rel="next"` } })
        const here = yield* serving(answer, { auth: Auth.bearer(Redacted.make("of-the-client")) })
        yield* Deferred.succeed(back, here.url)
        const withUser = here.url.replace("//", "//ada:pw@")
        const own = Auth.basic("ada", Redacted.make("of-the-call"))
        const firsts = [here.client.build("GET", "/"), here.client.build("GET", "/", { auth: own }), `${withUser}/`]
        for (const first of firsts) {
          const pages = Pagination.pages(here.client, first, Pagination.byLink, { allowOrigin: () => true })
          expect(yield* Stream.runCount(pages)).toBe(3)
        }
        const sent = (server: typeof here) => server.asked.map(({ headers }) => headers.get("authorization"))
        expect(sent(other)).toEqual([undefined, undefined, undefined])
        const [ofClient, ofCall] = ["Bearer of-the-client", `Basic ${btoa("ada:of-the-call")}`]
        // The client's auth comes before the user of a URL, on each page.
        expect(sent(here)).toEqual([ofClient, ofClient, ofCall, ofCall, ofClient, ofClient])
      })
  )

  it.scopedLive("is sent the cookies that the jar has for its host, and none of the first page's", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const { here, other } = yield* elsewhere({ cookies: jar })
      // A host is another one by its name alone: cookies know no ports.
      const { port } = new URL(here.url)
      const first = `http://localhost:${port}/here`
      yield* jar.set("jar-of=here", first)
      yield* jar.set("jar-of=there", other.url)
      const pages = Pagination.pages(here.client, { url: first, cookies: { own: "1" } }, Pagination.byLink, {
        allowOrigin: () => true
      })
      expect(yield* Stream.runCount(pages)).toBe(2)
      expect(here.asked[0]?.headers.get("cookie")).toBe("own=1; jar-of=here")
      expect(other.asked[0]?.headers.get("cookie")).toBe("jar-of=there")
    })
  )

  it.scopedLive("is not sent what was set as a secret, whatever the name of its field", () =>
    Effect.gen(function* () {
      const { here, other } = yield* elsewhere()
      const headers = { "proxy-authorization": "s3cret", "x-auth-token": "s3cret" }
      const built = here.client.build("GET", "/here", { headers })
      const first = built.withHeaders(built.headers.setSecret("x-own-key", "s3cret"))
      yield* Stream.runDrain(Pagination.pages(here.client, first, Pagination.byLink, { allowOrigin: () => true }))
      expect(JSON.stringify([...(here.asked[0]?.headers ?? [])]).match(/s3cret/g)).toHaveLength(3)
      expect(JSON.stringify([...(other.asked[0]?.headers ?? [])])).not.toContain("s3cret")
    })
  )

  it.scopedLive("is none for a user who is named in the first page's URL, and stays the user of all", () =>
    Effect.gen(function* () {
      const { asked, client, url } = yield* serving(linked)
      const first = url.replace("//", "//ada:pw@")
      yield* Stream.runDrain(Pagination.pages(client, `${first}/numbers`, Pagination.byLink))
      const basic = `Basic ${btoa("ada:pw")}`
      expect(asked.map(({ headers }) => headers.get("authorization"))).toEqual([basic, basic, basic])
    })
  )
})

describe("with prefetch", () => {
  it.scopedLive("one page is asked for while the one before is used, and no more", () =>
    Effect.gen(function* () {
      const second = yield* Deferred.make<void>()
      const { client, targets } = yield* serving((request) =>
        Effect.zipRight(
          request.query.get("page") === "2" ? Deferred.succeed(second, undefined) : Effect.void,
          linked(request)
        )
      )
      const seen: Array<unknown> = []
      const pages = Pagination.pages(client, "/numbers", Pagination.byLink, { prefetch: true })
      yield* Stream.runForEach(pages, (page) =>
        Effect.gen(function* () {
          if (seen.length === 0) {
            // It would never come if it were asked for only after this page.
            yield* Deferred.await(second)
            expect(targets().length).toBe(2)
          }
          seen.push(yield* page.json)
        })
      )
      expect(seen.length).toBe(3)
      expect(targets().length).toBe(3)
    })
  )

  it.scopedLive("leaving the stream ends what was asked for, and waits until its connection is free", () =>
    Effect.gen(function* () {
      const second = yield* Deferred.make<void>()
      const { client, stats } = yield* serving((request) =>
        request.query.get("page") === "2"
          ? Effect.zipRight(Deferred.succeed(second, undefined), Effect.never)
          : linked(request)
      )
      const pages = Pagination.pages(client, "/numbers", Pagination.byLink, { prefetch: true })
      yield* Stream.runForEachWhile(pages, () => Effect.as(Deferred.await(second), false))
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("what is wrong with a page is told when it is its turn", () =>
    Effect.gen(function* () {
      const { client } = yield* serving((request) =>
        request.query.get("page") === "2" ? Effect.succeed({ status: 500 }) : linked(request)
      )
      const seen: Array<number> = []
      const items = Pagination.items(client, "/numbers", Pagination.byLink, Numbers, { prefetch: true })
      yield* failsWith(
        Stream.runForEach(items, (n) => Effect.sync(() => seen.push(n))),
        "StatusError"
      )
      expect(seen).toEqual([1, 2, 3])
    })
  )
})

it.scopedLive("interrupting who waits for a page ends its request", () =>
  Effect.gen(function* () {
    const arrived = yield* Deferred.make<void>()
    for (const prefetch of [false, true]) {
      const { client, stats } = yield* serving(() =>
        Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never)
      )
      const pages = Pagination.pages(client, "/", Pagination.byLink, { prefetch })
      const running = yield* started(Stream.runDrain(pages))
      yield* Deferred.await(arrived)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(running))).toBe(true)
      expect(yield* stats).toEqual(atRest(0))
    }
  })
)
