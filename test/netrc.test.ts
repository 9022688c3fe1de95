/** The netrc file: what it says, where it is, and to whom its passwords go. */
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, FastCheck as fc, Layer, Redacted } from "effect"
import { Auth, Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"
import { isNetrcProblem, type Netrc, netrcEntry, parseNetrc } from "../src/protocol/netrc.js"
import { failsWith } from "./support/failing.js"

const read = (text: string): Netrc => {
  const netrc = parseNetrc(text)
  if (isNetrcProblem(netrc)) throw new Error(netrc.message)
  return netrc
}

/** Login and password for a host. */
const userOf = (text: string, host: string): readonly [string, string] | undefined => {
  const entry = netrcEntry(read(text), host)
  return entry === undefined ? undefined : [entry.login, Redacted.value(entry.password)]
}

describe("a netrc file", () => {
  it("has a user for a machine, on one line or on several", () => {
    const text = "machine a.test login ada password s3cret\nmachine b.test\n\tlogin bob\n\tpassword hunter2\n"
    expect(userOf(text, "a.test")).toEqual(["ada", "s3cret"])
    expect(userOf(text, "b.test")).toEqual(["bob", "hunter2"])
    expect(userOf(text, "c.test")).toBeUndefined()
  })

  it("names machines in any case, and the first entry of one counts", () => {
    const text = "machine A.Test login ada password 1 machine a.test login bob password 2"
    expect(userOf(text, "a.tesT")).toEqual(["ada", "1"])
  })

  it("has a user for all the rest", () => {
    const text = "machine a.test login ada password 1\ndefault login anonymous password me@h"
    expect(userOf(text, "a.test")).toEqual(["ada", "1"])
    expect(userOf(text, "z.test")).toEqual(["anonymous", "me@h"])
    expect(userOf(`${text}\ndefault login other password 3`, "z.test")).toEqual(["anonymous", "me@h"])
  })

  it("may leave out the user or the password", () => {
    expect(userOf("machine a password p", "a")).toEqual(["", "p"])
    expect(userOf("machine a login l", "a")).toEqual(["l", ""])
    expect(userOf("machine a", "a")).toEqual(["", ""])
  })

  it("has quoted words with white space and escapes in them", () => {
    const text = String.raw`machine "a b" login "a \"b\"" password "x\\y\tz \n#1" machine c login d password e"f\g`
    expect(userOf(text, "a b")).toEqual(['a "b"', "x\\y\tz \n#1"])
    expect(userOf(text, "c")).toEqual(["d", String.raw`e"f\g`])
    expect(userOf('machine a login "" password ""', "a")).toEqual(["", ""])
  })

  it("has comments up to the end of a line, but not where a value is", () => {
    const text = "# machine x login y password z\nmachine a # login no\n login ada #x password no\n password #1 # end"
    expect(userOf(text, "a")).toEqual(["ada", "#1"])
    expect(userOf(text, "x")).toBeUndefined()
    expect(userOf('#\nmachine a login b password c "# quoted" machine d', "a")).toEqual(["b", "c"])
  })

  it("has macros, which end at an empty line and are passed over", () => {
    const text =
      "macdef init\ncd /pub\nmachine no login no password no\n \t\nmachine a login b password c\nmacdef x\nmachine d"
    expect(userOf(text, "a")).toEqual(["b", "c"])
    expect(userOf(text, "no")).toBeUndefined()
    expect(userOf(text, "d")).toBeUndefined()
    expect(userOf("macdef x\nmachine a", "a")).toBeUndefined()
  })

  it("has words of others in it, and accounts", () => {
    const text = "port 80 machine a proto ftp account login login b password c"
    expect(userOf(text, "a")).toEqual(["b", "c"])
  })

  it("may begin with a byte order mark, and end its lines with CRLF", () => {
    expect(userOf("\ufeffmachine a\r\nlogin b\r\npassword c\r\n", "a")).toEqual(["b", "c"])
    expect(userOf("", "a")).toBeUndefined()
  })

  it.each([
    ['machine a login "b', 1, "a quote is not closed"],
    ["machine a\nlogin b\npassword", 3, "password has no value"],
    ["\nmachine", 2, "machine has no value"],
    ["machine a account", 1, "account has no value"],
    ["machine a login", 1, "login has no value"]
  ])("that is not whole says where: %j", (text, line, what) => {
    expect(parseNetrc(text)).toEqual({ _tag: "NetrcProblem", line, message: `line ${line}: ${what}` })
  })

  it("shows no password", () => {
    expect(inspect(read("machine a login b password s3cret"), { depth: 9 })).not.toContain("s3cret")
  })

  it("gives back what was written, whatever the characters", () => {
    const word = fc.string({ unit: "grapheme" })
    const entries = fc.uniqueArray(fc.record({ machine: word, login: word, password: word }), {
      selector: ({ machine }) => machine.toLowerCase()
    })
    const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`
    fc.assert(
      fc.property(entries, fc.constantFrom(" ", "\n", "\t\r\n", "\n# a comment\n"), (given, space) => {
        const text = given
          .map(({ login, machine, password }) =>
            ["machine", quoted(machine), "login", quoted(login), "password", quoted(password)].join(" ")
          )
          .join(space)
        for (const { login, machine, password } of given) {
          expect(userOf(text, machine)).toEqual([login, password])
        }
      })
    )
  })

  it("is read to its end, whatever is in it", () => {
    const words = fc.constantFrom(
      "machine",
      "default",
      "login",
      "password",
      "account",
      "macdef",
      "#",
      '"',
      "\\",
      "\n",
      "x"
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((all) => all.join(" "))
    )
    fc.assert(fc.property(text, (text) => void parseNetrc(text)))
  })
})

describe("Auth.netrc", () => {
  const authorizationOf = (authorization: string | undefined) =>
    authorization === undefined ? undefined : atob(authorization.replace("Basic ", ""))

  /** Users that a server sees, of requests to these URLs. */
  const users = (auth: Auth.Auth<never, FileSystem.FileSystem>, ...urls: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const server = InProcess.layer(({ headers }) => {
        seen.push(authorizationOf(headers.get("authorization")))
        return Effect.succeed({})
      })
      const client = yield* Effect.provide(Client.make({ auth }), server)
      for (const url of urls) yield* client.get(url)
      return seen
    }).pipe(Effect.provide(NodeFileSystem.layer))

  /** A folder with a file in it. */
  const written = (name: string, text: string, mode = 0o600) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      yield* files.writeFileString(`${folder}/${name}`, text)
      yield* files.chmod(`${folder}/${name}`, mode)
      return folder
    }).pipe(Effect.provide(NodeFileSystem.layer))

  const variables = (record: Readonly<Record<string, string>>) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(record))))

  const text = "machine a.test login ada password s3cret\nmachine c.test login cy"

  it.scoped("sends the user of the file to the machine that it is for", () =>
    Effect.gen(function* () {
      const folder = yield* written("secrets", text, 0o644)
      const auth = Auth.netrc(`${folder}/secrets`)
      const urls = [
        "https://a.test/",
        "http://A.test:8080/",
        "https://b.test/",
        "https://c.test/",
        "https://u:p@b.test/"
      ]
      expect(yield* users(auth, ...urls)).toEqual(["ada:s3cret", "ada:s3cret", undefined, undefined, "u:p"])
    })
  )

  it.scoped("reads the file once", () =>
    Effect.gen(function* () {
      const folder = yield* written("secrets", text)
      const auth = Auth.netrc(`${folder}/secrets`)
      expect(yield* users(auth, "https://a.test/")).toEqual(["ada:s3cret"])
      yield* Effect.provide(
        Effect.flatMap(FileSystem.FileSystem, (files) => files.remove(`${folder}/secrets`)),
        NodeFileSystem.layer
      )
      expect(yield* users(auth, "https://a.test/")).toEqual(["ada:s3cret"])
    })
  )

  it.scoped("finds the file by NETRC, in the home, or in the profile", () =>
    Effect.gen(function* () {
      const home = yield* written(".netrc", "machine a.test login home password 1")
      const profile = yield* written("_netrc", "machine a.test login profile password 2", 0o644)
      const other = yield* written("x", "machine a.test login other password 3", 0o644)
      const found = (record: Readonly<Record<string, string>>) =>
        Effect.provide(users(Auth.netrc(), "https://a.test/"), variables(record))
      expect(yield* found({ NETRC: `${other}/x`, HOME: home })).toEqual(["other:3"])
      expect(yield* found({ NETRC: "", HOME: home, USERPROFILE: profile })).toEqual(["home:1"])
      expect(yield* found({ HOME: other, USERPROFILE: profile })).toEqual(["profile:2"])
      expect(yield* found({ HOME: other })).toEqual([undefined])
      expect(yield* found({})).toEqual([undefined])
    })
  )

  it.scoped("does not use passwords of the home that others can read", () =>
    Effect.gen(function* () {
      const home = yield* written(".netrc", text, 0o640)
      const call = Effect.provide(users(Auth.netrc(), "https://a.test/"), variables({ HOME: home }))
      const error = yield* failsWith(call, "AuthError")
      expect(error.message).toContain("chmod 600")
      const without = yield* written(".netrc", "machine a.test login ada\ndefault login x", 0o644)
      const none = Effect.provide(users(Auth.netrc(), "https://a.test/"), variables({ HOME: without }))
      expect(yield* none).toEqual([undefined])
      const byDefault = yield* written(".netrc", "default login x password y", 0o644)
      yield* failsWith(
        Effect.provide(users(Auth.netrc(), "https://a.test/"), variables({ HOME: byDefault })),
        "AuthError"
      )
    })
  )

  it.scoped("fails where the file cannot be read, or says what cannot be sent", () =>
    Effect.gen(function* () {
      const folder = yield* written("broken", 'machine a.test login "ada password s3cret')
      const broken = yield* failsWith(users(Auth.netrc(`${folder}/broken`), "https://a.test/"), "AuthError")
      expect(broken.message).toContain("the netrc file: line 1: a quote is not closed")
      expect(inspect(broken)).not.toContain("s3cret")
      const missing = yield* failsWith(users(Auth.netrc(`${folder}/none`), "https://a.test/"), "AuthError")
      expect(missing.message).toContain("the netrc file cannot be read")
      expect(missing.cause).toMatchObject({ _tag: "SystemError", reason: "NotFound" })
      const colon = yield* written("colon", "machine a.test login a:b password s3cret")
      const auth = Auth.netrc(`${colon}/colon`)
      for (let i = 0; i < 2; i++) {
        const error = yield* failsWith(users(auth, "https://a.test/"), "AuthError")
        expect(error.message).toContain("netrc: the user has a colon in it")
      }
    })
  )

  it.scoped("leaves a request that can go nowhere to say so itself", () =>
    Effect.gen(function* () {
      const folder = yield* written("secrets", text)
      yield* failsWith(users(Auth.netrc(`${folder}/secrets`), "nowhere"), "InvalidUrl")
    })
  )
})
