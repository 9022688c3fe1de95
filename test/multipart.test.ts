/** Multipart bodies: what is sent, byte for byte, and what a server makes of it. */
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, FastCheck as fc, Fiber, type Scope, Stream } from "effect"
import { Multipart, Request, Upload } from "effect-httpx"
import { FormDataEncoder } from "form-data-encoder"
import { readdirSync, readlinkSync } from "node:fs"
import { connected, eventually, failsWith } from "./support/failing.js"
import { ok, type Script, scripted, silent } from "./support/scripted.js"

const text = new TextEncoder()

/** What a request would send, as bytes. */
const sentBy = <E>({ body }: Request.Request<E>) =>
  Effect.gen(function* () {
    if (body._tag === "Empty") return new Uint8Array(0)
    if (body._tag === "Bytes") return body.bytes
    return Buffer.concat([...(yield* Stream.runCollect(body.stream))])
  })

const post = <E = never>(parts: ReadonlyArray<Multipart.Part<E>>, options?: Multipart.MultipartOptions) =>
  Request.make<E>("POST", "http://h.test/", { content: Multipart.make(parts, options) })

/** Read back by the web platform's own parser. */
const readBack = <E>(request: Request.Request<E>) =>
  Effect.flatMap(sentBy(request), (bytes) =>
    Effect.promise(() =>
      new Response(new Uint8Array(bytes), {
        headers: { "content-type": request.headers.get("content-type") ?? "" }
      }).formData()
    )
  )

/** With the boundary `b`, as text. */
const written = (parts: ReadonlyArray<Multipart.Part>) =>
  Effect.map(sentBy(post(parts, { boundary: "b" })), (bytes) => Buffer.from(bytes).toString("utf8"))

const head = (part: Multipart.Part) => Effect.map(written([part]), (body) => body.slice(0, body.indexOf("\r\n\r\n")))

describe("a multipart body", () => {
  it.effect("has its parts in their order, each with its head", () =>
    Effect.gen(function* () {
      const parts = [
        Multipart.part("title", "Grüße"),
        Multipart.part("about", "{}", { contentType: "application/json" }),
        Multipart.part("file", Uint8Array.of(65, 66), { filename: "a.bin" })
      ]
      expect(yield* written(parts)).toBe(
        [
          "--b",
          'Content-Disposition: form-data; name="title"',
          "",
          "Grüße",
          "--b",
          'Content-Disposition: form-data; name="about"',
          "Content-Type: application/json",
          "",
          "{}",
          "--b",
          'Content-Disposition: form-data; name="file"; filename="a.bin"',
          "Content-Type: application/octet-stream",
          "",
          "AB",
          "--b--",
          ""
        ].join("\r\n")
      )
      expect(yield* written([])).toBe("--b--\r\n")
    })
  )

  it("is given by name, as a FormData, or part by part", () =>
    Effect.gen(function* () {
      const file = new File(["one"], "one.txt", { type: "text/plain" })
      const form = new FormData()
      form.append("a", "1")
      form.append("b", "true")
      form.append("b", "x")
      form.append("f", file)
      form.append("g", new Blob(["two"]))
      const record = { a: 1, b: [true, "x"], none: undefined, f: file, g: new Blob(["two"]) }
      const parts = [
        Multipart.part("a", "1"),
        Multipart.part("b", "true"),
        Multipart.part("b", "x"),
        Multipart.part("f", file),
        Multipart.part("g", new Blob(["two"]))
      ]
      const [first, ...others] = yield* Effect.forEach([Multipart.form(form), Multipart.form(record), parts], written)
      expect(others).toEqual([first, first])
      expect(first).toContain('name="f"; filename="one.txt"\r\nContent-Type: text/plain\r\n\r\none\r\n')
      expect(first).toContain('name="g"; filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n')
    }).pipe(Effect.runPromise))

  it("has the type of its file names' extensions", () =>
    Effect.gen(function* () {
      const typeOf = (filename: string) =>
        Effect.map(head(Multipart.part("f", "", { filename })), (head) => /Content-Type: (.*)/.exec(head)?.[1])
      expect(yield* typeOf("a.PNG")).toBe("image/png")
      expect(yield* typeOf("a.tar.json")).toBe("application/json")
      expect(yield* typeOf("a.unheardof")).toBe("application/octet-stream")
      for (const none of ["", "json", "t", ".json", "json."]) {
        expect(yield* typeOf(none)).toBe("application/octet-stream")
      }
    }).pipe(Effect.runPromise))

  it("has the names that are given, or none", () =>
    Effect.gen(function* () {
      const blob = new Blob(["x"], { type: "text/x" })
      expect(yield* head(Multipart.part("f", blob, { filename: null }))).toBe(
        '--b\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: text/x'
      )
      expect(yield* head(Multipart.part("f", new File([""], "a.txt"), { filename: "b.csv" }))).toContain(
        'filename="b.csv"\r\nContent-Type: text/csv'
      )
    }).pipe(Effect.runPromise))

  it("may have further fields in its parts; one of the same name is the one that is sent", () =>
    Effect.gen(function* () {
      const headers = { "content-type": "text/special", "Content-ID": "<1>", "X-Twice": ["a", "b"], none: null }
      expect(yield* head(Multipart.part("f", "x", { filename: "a.txt", headers }))).toBe(
        [
          "--b",
          'Content-Disposition: form-data; name="f"; filename="a.txt"',
          "content-type: text/special",
          "Content-ID: <1>",
          "X-Twice: a",
          "X-Twice: b"
        ].join("\r\n")
      )
      const disposition = { "Content-Disposition": 'attachment; name="g"' }
      expect(yield* head(Multipart.part("f", "x", { headers: disposition }))).toBe(
        '--b\r\nContent-Disposition: attachment; name="g"'
      )
    }).pipe(Effect.runPromise))

  it.each([
    ['quo"te', "quo%22te"],
    ["back\\slash", "back\\slash"],
    ["ünï😀", "ünï😀"],
    ["per%cent%22", "per%cent%22"],
    ["semi;colon=", "semi;colon="]
  ])("escapes names and file names as the HTML Standard does: %s", (name, escaped) =>
    Effect.gen(function* () {
      const line = `Content-Disposition: form-data; name="${escaped}"; filename="${escaped}"`
      expect(yield* head(Multipart.part(name, "x", { filename: name }))).toContain(line)
    }).pipe(Effect.runPromise)
  )

  it("lets no name break out of its line", () =>
    Effect.gen(function* () {
      const name = 'a"\r\nX-Injected: 1\n\rb'
      expect(yield* head(Multipart.part(name, "x", { filename: name }))).toContain(
        'name="a%22%0D%0AX-Injected: 1%0D%0A%0D%0Ab"; filename="a%22%0D%0AX-Injected: 1%0A%0Db"\r\n'
      )
      for (const options of [{ contentType: "a\r\nb" }, { headers: { "x-a": "1\n2" } }, { headers: { "x a": "1" } }]) {
        const { problem } = post([Multipart.part("n", "x", options)])
        expect(problem?.message).toContain('the part "n" of the multipart body: ')
      }
    }).pipe(Effect.runPromise))

  it("keeps line breaks of its text as they are", () =>
    Effect.gen(function* () {
      expect(yield* written([Multipart.part("t", "a\nb\rc\r\n")])).toContain("\r\n\r\na\nb\rc\r\n\r\n--b--")
    }).pipe(Effect.runPromise))

  it("is for what has a text form, and says what has not", () => {
    const problemOf = (fields: object) => post(Multipart.form(fields as never)).problem?.message
    for (const value of [null, [{}], NaN, Infinity, new Date(NaN), () => 1]) {
      expect(problemOf({ a: value })).toContain('the part "a" of the multipart body: it is no text')
    }
    expect(problemOf({ a: new Date(0), b: 1n, c: undefined })).toBe(undefined)
    const { problem } = post([Multipart.part("a", 5 as never)])
    expect(problem?.message).toContain('the part "a" of the multipart body: content is none of')
  })

  it("is written as form-data-encoder writes it, where both have the choice", () => {
    const name = fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) => !/[\r\n]/.test(name))
    const filename = fc.string({ unit: fc.oneof(fc.constantFrom(..."\"\r\n;\\'"), fc.fullUnicode()), maxLength: 8 })
    const field = fc.tuple(name, fc.string({ unit: fc.constantFrom(..."ab-üé ") }))
    const file = fc.tuple(name, fc.uint8Array(), filename)
    return fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(field, file), { minLength: 1 }), async (entries) => {
        const form = new FormData()
        for (const [name, value, filename] of entries) {
          if (typeof value === "string") form.append(name, value)
          else form.append(name, new File([new Uint8Array(value)], filename ?? ""))
        }
        const encoder = new FormDataEncoder(form, "b")
        const theirs: Array<Uint8Array> = []
        for await (const piece of encoder) theirs.push(piece)
        const ours = await Effect.runPromise(sentBy(post(Multipart.form(form), { boundary: "b" })))
        // They end theirs with one line break more.
        expect(`${Buffer.from(ours).toString("latin1")}\r\n`).toBe(Buffer.concat(theirs).toString("latin1"))
      })
    )
  })

  it("is read back as it was given", () => {
    // What browsers escape, and each parser undoes in its own way, is tested above.
    const name = fc.string({ unit: fc.constantFrom(..."abü;='/ "), minLength: 1, maxLength: 8 })
    const field = fc.tuple(name, fc.string({ unit: fc.constantFrom(..."ab-\r\n ü") }))
    const file = fc.tuple(name, fc.uint8Array({ maxLength: 300 }), name)
    return fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(field, file), { minLength: 1 }), async (entries) => {
        const parts = entries.map(([name, value, filename]) =>
          Multipart.part(name, value, filename === undefined ? {} : { filename })
        )
        const form = await Effect.runPromise(readBack(post(parts)))
        const read = await Promise.all(
          [...form].map(async ([name, value]) =>
            typeof value === "string" ? [name, value] : [name, new Uint8Array(await value.arrayBuffer()), value.name]
          )
        )
        const expected = entries.map((entry) =>
          entry.map((each) => (typeof each === "string" ? each : new Uint8Array(each)))
        )
        expect(read).toEqual(expected)
      }),
      { numRuns: 50 }
    )
  })
})

describe("the boundary of a multipart body", () => {
  const parts = [Multipart.part("a", "1")]
  const firstLine = (request: Request.Request<never>) =>
    Effect.map(sentBy(request), (bytes) => Buffer.from(bytes).toString().split("\r\n", 1)[0])

  it("is random, and another for each body", () => {
    const types = [1, 2].map(() => post(parts).headers.get("content-type"))
    for (const type of types) expect(type).toMatch(/^multipart\/form-data; boundary=[0-9a-f]{32}$/)
    expect(types[0]).not.toBe(types[1])
  })

  it("may be given, and is quoted where it has to be", () =>
    Effect.gen(function* () {
      const request = post(parts, { boundary: "a/b c?", mediaType: "multipart/mixed" })
      expect(request.headers.get("content-type")).toBe('multipart/mixed; boundary="a/b c?"')
      expect(yield* firstLine(request)).toBe("--a/b c?")
    }).pipe(Effect.runPromise))

  it("gives way to the caller's Content-Type", () => {
    const request = Request.make("POST", "http://h.test/", {
      content: Multipart.make(parts, { boundary: "b" }),
      headers: { "Content-Type": "multipart/related; boundary=b" }
    })
    expect([...request.headers]).toEqual([["Content-Type", "multipart/related; boundary=b"]])
  })

  it("is that of the caller's Content-Type, which is given one where it has none", () =>
    Effect.gen(function* () {
      const typed = (contentType: string, content: Request.Content = Multipart.make(parts, { boundary: "b" })) =>
        Request.make("POST", "http://h.test/", { content, headers: { "Content-Type": contentType } })
      const named = typed('multipart/form-data; boundary="my own"')
      expect([...named.headers]).toEqual([["Content-Type", 'multipart/form-data; boundary="my own"']])
      expect((yield* readBack(named)).get("a")).toBe("1")
      const { body } = named
      expect(body).toMatchObject({ _tag: "Stream", length: (yield* sentBy(named)).length, isRepeatable: true })
      const bare = typed("Multipart/Form-Data")
      expect([...bare.headers]).toEqual([["Content-Type", "Multipart/Form-Data; boundary=b"]])
      expect((yield* readBack(bare)).get("a")).toBe("1")
      const tracked = yield* Upload.track(Multipart.make(parts))
      expect((yield* readBack(typed("multipart/form-data; boundary=c", tracked.content))).get("a")).toBe("1")
      expect(typed("multipart/form-data; boundary=ä").problem?.message).toContain("is not a boundary")
      for (const own of ["application/x-own", "no type"]) {
        expect([...typed(own).headers]).toEqual([["Content-Type", own]])
      }
      expect([...typed("multipart/form-data", "text").headers]).toEqual([["Content-Type", "multipart/form-data"]])
    }).pipe(Effect.scoped, Effect.runPromise))

  it.each(["", "a\r\nb", "ends with a space ", "ä", "x".repeat(71)])("that is none is refused: %j", (boundary) => {
    const { problem } = post(parts, { boundary })
    expect(problem).toMatchObject({ _tag: "LocalProtocolError", message: expect.stringContaining("is not a boundary") })
  })
})

describe("the length of a multipart body", () => {
  const large = new Uint8Array(70_000).fill(120)

  it("is known where that of each part is", () =>
    Effect.gen(function* () {
      const known = [
        Multipart.part("a", "text"),
        Multipart.part("b", large),
        Multipart.part("c", new Blob(["blob"])),
        Multipart.part("d", () => Stream.make(text.encode("five!")), { contentLength: 5 })
      ]
      const { body } = post(known)
      const { length } = yield* sentBy(post(known))
      expect(body).toMatchObject({ _tag: "Stream", isRepeatable: true, length })
      const unknown = [Multipart.part("a", () => Stream.make(large)), Multipart.part("b", "x")]
      expect(post(unknown).body).toMatchObject({ _tag: "Stream", isRepeatable: true, length: undefined })
    }).pipe(Effect.runPromise))

  it("makes it fail if a part has another", () =>
    Effect.gen(function* () {
      for (const [length, what] of [
        [2, "more"],
        [4, "fewer"]
      ] as const) {
        const part = Multipart.part("a", Stream.make(text.encode("abc")), { contentLength: length })
        const error = yield* Effect.flip(sentBy(post([part])))
        expect(error).toMatchObject({
          _tag: "LocalProtocolError",
          phase: "send",
          message: expect.stringContaining(`has ${what} bytes than the ${length} that were announced`)
        })
      }
      const problemWith = (contentLength: number) =>
        post([Multipart.part("a", "abc", { contentLength })]).problem?.message
      expect(problemWith(2)).toContain("contentLength is 2, but the content has 3 bytes")
      expect(problemWith(-1)).toContain("should be a whole number")
      expect(problemWith(3)).toBe(undefined)
    }).pipe(Effect.runPromise))

  it("is on the wire as Content-Length, else there are chunks", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.forever(Effect.zipRight(c.take("--b--\r\n"), c.send(ok("")))))
      const { client } = yield* connected()
      const send = (content: Request.Content) =>
        client.post(server.url(), { content: Multipart.make([Multipart.part("a", content)], { boundary: "b" }) })
      yield* send(new Blob(["blob"]))
      expect(server.connections[0]?.received).toMatch(/Content-Length: \d+\r\n/)
      yield* send(new Set(["piece"]))
      expect(server.connections[0]?.received).toContain("Transfer-Encoding: chunked\r\n")
    }).pipe(Effect.scoped, Effect.runPromise))
})

class DiskError {
  readonly _tag = "DiskError"
}
class Disk extends Context.Tag("test/Disk")<Disk, Effect.Effect<Uint8Array, DiskError>>() {}

describe("a multipart body of streams", () => {
  it("can be sent again if all of its parts can", () => {
    const again = (...contents: ReadonlyArray<Request.ContentInput>) =>
      post(contents.map((content, i) => Multipart.part(`p${i}`, content))).isRepeatable
    expect(again("text", new Blob(["b"]), () => Stream.make(text.encode("s")))).toBe(true)
    expect(again("text", Stream.make(text.encode("s")))).toBe(false)
    expect(again(new Blob(["x"]).stream())).toBe(false)
  })

  it("has the failures and the needs of its parts, and runs in the context of who sends it", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.take("--b--\r\n"), c.send(ok("taken"))), silent)
      const { client } = yield* connected()
      const content = Stream.fromEffect(Effect.flatten(Disk))
      const multipart = Multipart.make([Multipart.part("a", "text"), Multipart.part("f", content)], { boundary: "b" })
      const upload = client.post(server.url(), { content: multipart })
      yield* Effect.provideService(upload, Disk, Effect.succeed(text.encode("from disk")))
      expect(server.connections[0]?.received).toContain("from disk")
      const failing = Effect.provideService(upload, Disk, Effect.fail(new DiskError()))
      const error = yield* Effect.flip(failing)
      expect(error).toMatchObject({ _tag: "BodyError", error: new DiskError() })
      const parallel = yield* client.parallel()
      const pending = yield* Effect.provideService(
        parallel.post(server.url(), { content: multipart }),
        Disk,
        Effect.fail(new DiskError())
      )
      expect(yield* Effect.flip(pending.getResponse)).toMatchObject({ _tag: "BodyError" })
      const all = client.all([{ method: "POST", url: server.url(), content: multipart }])
      expect(yield* Effect.flip(Effect.provideService(all, Disk, Effect.fail(new DiskError())))).toMatchObject({
        _tag: "BodyError"
      })
    }).pipe(Effect.scoped, Effect.runPromise))
})

/** The files that this process has open under a directory. */
const openUnder = (directory: string): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory)
    } catch {
      return false
    }
  }).length

describe("a file as a part", () => {
  const withFile = <A, E>(
    content: string | Uint8Array,
    use: (path: string, directory: string) => Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>
  ) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const path = `${directory}/cat.jpg`
      yield* files.writeFile(path, typeof content === "string" ? text.encode(content) : content)
      return yield* use(path, directory)
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer), Effect.runPromise)

  it("has its name, its type and its length", () =>
    withFile("a cat", (path) =>
      Effect.gen(function* () {
        const part = yield* Multipart.file("photo", path)
        expect(part).toMatchObject({ name: "photo", filename: "cat.jpg", contentType: "image/jpeg" })
        const request = post([part])
        expect(request.body).toMatchObject({ isRepeatable: true })
        const form = yield* readBack(request)
        expect(yield* Effect.promise(() => new Response(form.get("photo")).text())).toBe("a cat")
        const other = yield* Multipart.file("photo", path, { filename: "x", contentType: "image/x" })
        expect(other).toMatchObject({ filename: "x", contentType: "image/x" })
      })
    ))

  it("that is not there fails when it is made", () =>
    withFile("", (path) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Multipart.file("photo", `${path}.none`))
        expect(error).toMatchObject({ _tag: "SystemError", reason: "NotFound" })
      })
    ))

  it("that vanishes or changes before it is sent fails, and the request is never completed", () =>
    withFile("a cat", (path) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const server = yield* scripted(silent)
        const { client, stats } = yield* connected()
        const upload = Effect.map(Multipart.file("photo", path), (part) =>
          client.post(server.url(), { content: Multipart.make([part], { boundary: "b" }) })
        )
        const longer = yield* upload
        yield* files.writeFileString(path, "a cat with a tail")
        const tooMuch = yield* failsWith(longer, "LocalProtocolError")
        expect(tooMuch.message).toContain("more bytes than the 5")
        const shorter = yield* upload
        yield* files.writeFileString(path, "cat")
        expect((yield* failsWith(shorter, "LocalProtocolError")).message).toContain("fewer bytes than the 17")
        const gone = yield* upload
        yield* files.remove(path)
        const error = yield* failsWith(gone, "BodyError")
        expect(error.error).toMatchObject({ _tag: "SystemError", reason: "NotFound" })
        expect(yield* stats).toMatchObject({ active: 0, idle: 0 })
        yield* server.untilOpen(0)
        for (const connection of server.connections) expect(connection.received).not.toContain("--b--")
      })
    ))

  it("is open while it is sent, and closed when the call is interrupted", () =>
    withFile(new Uint8Array(20_000_000), (path, directory) =>
      Effect.gen(function* () {
        const server = yield* scripted((c) => c.pause)
        const { client } = yield* connected()
        const multipart = Multipart.make([yield* Multipart.file("photo", path)])
        expect(openUnder(directory)).toBe(0)
        const fiber = yield* Effect.fork(client.post(server.url(), { content: multipart }))
        yield* eventually(() => openUnder(directory) === 1)
        yield* Fiber.interrupt(fiber)
        yield* eventually(() => openUnder(directory) === 0)
        // It sees the end once it reads again.
        yield* server.connections[0]?.resume ?? Effect.void
        yield* server.untilOpen(0)
      })
    ))

  it("is read again when it is sent again", () =>
    withFile("a cat", (path) =>
      Effect.gen(function* () {
        const takes: Script = (c) => Effect.forever(Effect.zipRight(c.take("--b--\r\n"), c.send(ok("taken"))))
        const server = yield* scripted(takes)
        const { client } = yield* connected()
        const part = yield* Multipart.file("photo", path)
        const request = Request.make("POST", server.url(), { content: Multipart.make([part], { boundary: "b" }) })
        for (let i = 0; i < 2; i++) expect(yield* (yield* client.send(request)).text).toBe("taken")
        expect(server.connections[0]?.received.match(/a cat/g)).toHaveLength(2)
      })
    ))

  it("is the size it has, not read into memory, over HTTP/1.1", () =>
    withFile("x".repeat(200_000), (path) =>
      Effect.gen(function* () {
        const server = yield* scripted((c) => Effect.zipRight(c.take("--b--\r\n"), c.send(ok("taken"))))
        const { client } = yield* connected()
        const multipart = Multipart.make([yield* Multipart.file("f", path)], { boundary: "b" })
        yield* client.post(server.url(), { content: multipart })
        const received = server.connections[0]?.received ?? ""
        const length = Number(/Content-Length: (\d+)/.exec(received)?.[1])
        expect(received.slice(received.indexOf("\r\n\r\n") + 4)).toHaveLength(length)
      })
    ))
})
