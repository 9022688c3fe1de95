/** Digest authentication: which challenge is answered, with what, and when not. */
import { afterEach, describe, expect, it } from "@effect/vitest"
import { FastCheck as fc, Redacted } from "effect"
import * as crypto from "node:crypto"
import { inspect } from "node:util"
import { vi } from "vitest"
import { parseChallenges } from "../src/protocol/challenges.js"
import { digestAuthorization, type DigestRequest } from "../src/protocol/digest/authorization.js"
import { chooseDigest, type DigestChallenge, type DigestHash } from "../src/protocol/digest/challenge.js"
import { type DigestProblem, isDigestProblem } from "../src/protocol/digest/problem.js"
import { afterAuthenticationInfo, afterRequest, digestState, isDigestRefusal } from "../src/protocol/digest/state.js"
import { fieldViolation } from "../src/protocol/Fields.js"
import { nodeHash } from "../src/transport/proxy/hash.js"

const lacking = vi.hoisted(() => new Set<string>())
vi.mock("node:crypto", async (original) => {
  const real = await original<typeof import("node:crypto")>()
  const createHash = (name: string): crypto.Hash => {
    // What OpenSSL says in FIPS mode.
    if (lacking.has(name)) throw new Error("error:0308010C:digital envelope routines::unsupported")
    return real.createHash(name)
  }
  return { ...real, createHash }
})
afterEach(() => lacking.clear())

const choose = (
  values: string | ReadonlyArray<string>,
  abilities: { readonly hash?: DigestHash; readonly bodyKnown?: boolean } = {}
) => chooseDigest(parseChallenges([values].flat()), { hash: nodeHash, bodyKnown: true, ...abilities })

const chosen = (values: string | ReadonlyArray<string>): DigestChallenge => {
  const challenge = choose(values)
  if (challenge === undefined || isDigestProblem(challenge)) throw new Error(`no challenge: ${inspect(challenge)}`)
  return challenge
}

const problemOf = (result: DigestChallenge | DigestProblem | string | undefined): DigestProblem["_tag"] | undefined =>
  result !== undefined && isDigestProblem(result) ? result._tag : undefined

const answer = (
  challenge: DigestChallenge,
  request: Partial<Omit<DigestRequest, "credentials">> & {
    readonly username?: string
    readonly password?: string
  } = {},
  hash: DigestHash = nodeHash
): string | DigestProblem => {
  const { password = "Circle of Life", username = "Mufasa", ...rest } = request
  return digestAuthorization(
    {
      challenge,
      credentials: { username, password: Redacted.make(password) },
      method: "GET",
      uri: "/dir/index.html",
      body: undefined,
      cnonce: "0a4f113b",
      nonceCount: 1,
      ...rest
    },
    hash
  )
}

/** The parameters of an answer, read as a server would. */
const paramsOf = (value: string | DigestProblem): Readonly<Record<string, string>> => {
  if (typeof value !== "string") throw new Error(value.message)
  const [only, ...others] = parseChallenges([value])
  expect(others).toEqual([])
  expect(only?.scheme).toBe("digest")
  return Object.fromEntries(only?.params ?? [])
}

const hex = (name: string, text: string): string => crypto.createHash(name).update(text).digest("hex")
const md5 = (text: string): string => hex("md5", text)

describe("the published examples", () => {
  const rfc7616 = (algorithm: string) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'

  it.each([
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"]
  ])("RFC 7616 §3.9.1, %s", (algorithm, response) => {
    const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    expect(answer(chosen(rfc7616(algorithm)), { cnonce })).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=${algorithm}, ` +
        `nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="${cnonce}", qop=auth, ` +
        `response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
    )
  })

  it("RFC 7616 §3.9.1, both challenges: the stronger one", () => {
    expect(chosen([rfc7616("MD5"), rfc7616("SHA-256")]).algorithm).toBe("SHA-256")
    expect(chosen([rfc7616("SHA-256"), rfc7616("MD5")]).algorithm).toBe("SHA-256")
  })

  const rfc7616Unicode =
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, ' +
    'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
    'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8'
  const jason = {
    username: "J\u00e4s\u00f8n Doe",
    password: "Secret, or not?",
    uri: "/doe.json",
    cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
  }

  it("RFC 7616 §3.9.2, as erratum 4897 has it", () => {
    expect(answer(chosen(`${rfc7616Unicode}, userhash=true`), jason)).toBe(
      'Digest username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", realm="api@example.org", ' +
        'uri="/doe.json", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, ' +
        `cnonce="${jason.cnonce}", qop=auth, ` +
        'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5", ' +
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", userhash=true'
    )
  })

  it("RFC 7616 §3.9.2 as printed, where the hash is the start of SHA-512", () => {
    const truncated: DigestHash = (_, bytes) => crypto.createHash("sha512").update(bytes).digest("hex").slice(0, 64)
    expect(paramsOf(answer(chosen(`${rfc7616Unicode}, userhash=true`), jason, truncated))).toMatchObject({
      username: "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec",
      response: "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd"
    })
  })

  it("RFC 7616 §3.9.2 without the hash of the user: the same response, and the name percent-encoded", () => {
    expect(paramsOf(answer(chosen(rfc7616Unicode), jason))).toMatchObject({
      "username*": "UTF-8''J%C3%A4s%C3%B8n%20Doe",
      response: "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    })
  })

  const rfc2617 =
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'

  it("RFC 2617 §3.5", () => {
    expect(answer(chosen(`${rfc2617}, qop="auth,auth-int"`), { password: "Circle Of Life" })).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", ' +
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", nc=00000001, cnonce="0a4f113b", qop=auth, ' +
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
  })

  it("RFC 2069 §2.4, as its erratum has it: without qop, nc and cnonce", () => {
    expect(answer(chosen(rfc2617), { password: "CircleOfLife" })).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", ' +
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", response="1949323746fe6a43ef61f9606e7febea", ' +
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
  })
})

describe("the challenge that is answered", () => {
  const offer = (more: string): string => `Digest realm="r", nonce="n", ${more}`

  it("is the strongest, among all schemes and fields", () => {
    const md5s = ["Negotiate", `Basic realm="b", ${offer("algorithm=MD5")}`]
    expect(chosen(md5s).algorithm).toBe("MD5")
    expect(chosen([...md5s, offer('algorithm="sha-256"'), offer("algorithm=MD5")]).algorithm).toBe("SHA-256")
    expect(chosen([offer("algorithm=SHA-512-256"), offer("algorithm=SHA-256"), ...md5s]).algorithm).toBe("SHA-512-256")
  })

  it("is the first of those of equal strength", () => {
    expect(chosen([offer('opaque="1", algorithm=MD5-sess'), offer('opaque="2"')])).toMatchObject({ opaque: "1" })
  })

  it.each([
    ["MD5", "MD5", false],
    ["md5-SESS", "MD5", true],
    ["Sha-256", "SHA-256", false],
    ["SHA-256-sess", "SHA-256", true],
    ['"sha-512-256-sess"', "SHA-512-256", true]
  ])("may name its algorithm %s", (written, algorithm, session) => {
    const challenge = chosen(offer(`algorithm=${written}`))
    expect(challenge).toMatchObject({ algorithm, session })
    expect(paramsOf(answer(challenge))["algorithm"]).toBe(written.replaceAll('"', ""))
  })

  it("has no algorithm that is not known, in any alphabet", () => {
    for (const name of ["SHA-1", "SHA-512", "MD5-sess-sess", "", "-sess", "MD5-se\u00df", "md5 "]) {
      expect(problemOf(choose(offer(`algorithm="${name}"`)))).toBe("UnsupportedChallenge")
      expect(choose([offer(`algorithm="${name}"`), offer("algorithm=MD5")])).toMatchObject({ algorithm: "MD5" })
    }
  })

  it("has no algorithm that the runtime lacks", () => {
    lacking.add("md5")
    expect(problemOf(choose(offer("algorithm=MD5")))).toBe("UnsupportedChallenge")
    expect(problemOf(choose(offer("")))).toBe("UnsupportedChallenge")
    lacking.add("sha512-256")
    expect(choose([offer("algorithm=SHA-512-256"), offer("algorithm=SHA-256")])).toMatchObject({ algorithm: "SHA-256" })
  })

  it("has a qop that is known", () => {
    expect(chosen(offer('qop="auth-int, AUTH"'))).toMatchObject({ qop: "auth" })
    expect(chosen(offer("qop=auth"))).toMatchObject({ qop: "auth" })
    expect(chosen(offer('qop="token,,auth-int"'))).toMatchObject({ qop: "auth-int" })
    expect(chosen(offer('qop=""'))).toMatchObject({ qop: undefined })
    expect(problemOf(choose(offer('qop="token"')))).toBe("UnsupportedChallenge")
    expect(chosen([offer('qop="token", algorithm=SHA-256'), offer('qop="auth"')]).algorithm).toBe("MD5")
  })

  it("has auth-int only if the body is known", () => {
    expect(problemOf(choose(offer('qop="auth-int"'), { bodyKnown: false }))).toBe("UnsupportedChallenge")
    expect(choose(offer('qop="auth-int,auth"'), { bodyKnown: false })).toMatchObject({ qop: "auth" })
  })

  it("has a realm and a nonce", () => {
    expect(problemOf(choose('Digest nonce="n"'))).toBe("InvalidChallenge")
    expect(problemOf(choose('Digest realm="r"'))).toBe("InvalidChallenge")
    expect(problemOf(choose("Digest"))).toBe("InvalidChallenge")
    expect(choose('Digest realm="", nonce=""')).toMatchObject({ realm: "", nonce: "" })
  })

  it("is none if there is no Digest challenge", () => {
    expect(choose([])).toBeUndefined()
    expect(choose(['Basic realm="r", nonce="n"', "Negotiate"])).toBeUndefined()
  })

  it("says what its flags are in any case", () => {
    expect(chosen(offer('stale=TRUE, userhash="True", charset="utf-8"'))).toMatchObject({
      stale: true,
      userhash: true,
      utf8: true
    })
    expect(chosen(offer("stale=yes, userhash=false, charset=latin1"))).toMatchObject({
      stale: false,
      userhash: false,
      utf8: false
    })
  })

  it.each(["realm", "nonce", "opaque"])("cannot forge a field by its %s", (name) => {
    for (const character of ["\r", "\n", "\0", "\u001b", "\u007f", "\u0100"]) {
      const params = { realm: "r", nonce: "n", opaque: "o", [name]: `a\\${character}X-Forged: 1` }
      const printed = Object.entries(params).map(([name, value]) => `${name}="${value}"`)
      expect(problemOf(choose(`Digest ${printed.join(", ")}`))).toBe("InvalidChallenge")
    }
  })

  it("has no terminal's control characters in the message of a problem", () => {
    expect(choose(offer('algorithm="\u001b[2J\n"'))).toMatchObject({ message: expect.stringMatching(/^[\x20-\x7e]+$/) })
  })
})

describe("the answer", () => {
  const plain = chosen('Digest realm="r", nonce="n", qop="auth"')

  it("of a session has a key of the first nonces", () => {
    const session = chosen('Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess')
    const key = md5(`${md5("Mufasa:r:Circle of Life")}:n:0a4f113b`)
    const response = (nonce: string, nc: string) =>
      md5(`${key}:${nonce}:${nc}:0a4f113b:auth:${md5("GET:/dir/index.html")}`)
    const first = digestState(session, "0a4f113b")
    expect(paramsOf(answer(session, first))).toMatchObject({
      algorithm: "MD5-sess",
      response: response("n", "00000001")
    })
    const second = afterRequest(first)
    expect(paramsOf(answer(session, second))["response"]).toBe(response("n", "00000002"))
    const next = afterAuthenticationInfo(afterAuthenticationInfo(second, ["nextnonce=m"]), ["nextnonce=o"])
    expect(paramsOf(answer(session, next))).toMatchObject({ nonce: "o", response: response("o", "00000001") })
  })

  it("of a session without qop has the client's nonce, without which nobody could check it", () => {
    const params = paramsOf(answer(chosen('Digest realm="r", nonce="n", algorithm=SHA-256-sess')))
    const sha256 = (text: string) => hex("sha256", text)
    const key = sha256(`${sha256("Mufasa:r:Circle of Life")}:n:0a4f113b`)
    expect(params).toMatchObject({ cnonce: "0a4f113b", response: sha256(`${key}:n:${sha256("GET:/dir/index.html")}`) })
    expect(params).not.toHaveProperty("nc")
    expect(params).not.toHaveProperty("qop")
  })

  it("with auth-int has the hash of the body", () => {
    const challenge = chosen('Digest realm="r", nonce="n", qop="auth-int"')
    for (const [body, hash] of [
      ["", "d41d8cd98f00b204e9800998ecf8427e"],
      ["\u00ff", md5("\u00ff")]
    ] as const) {
      const a2 = md5(`POST:/p:${hash}`)
      const request = { method: "POST", uri: "/p", body: new TextEncoder().encode(body) }
      expect(paramsOf(answer(challenge, request))).toMatchObject({
        qop: "auth-int",
        response: md5(`${md5("Mufasa:r:Circle of Life")}:n:00000001:0a4f113b:auth-int:${a2}`)
      })
    }
    expect(problemOf(answer(challenge))).toBe("UnsupportedChallenge")
  })

  it("has the count in 8 hexadecimal digits", () => {
    const nc = (nonceCount: number) => /, nc=(\w+),/.exec(String(answer(plain, { nonceCount })))?.[1]
    expect([1, 10, 0xdeadbeef, 2 ** 32].map(nc)).toEqual(["00000001", "0000000a", "deadbeef", "00000000"])
  })

  it("quotes what a server sent, and hashes it without quotes and escapes", () => {
    const challenge = chosen('Digest realm="a \\"b\\\\", nonce="n\\"", opaque="\\\\o", qop=auth')
    const value = answer(challenge, { username: 'jo "the" \\', uri: '/"' })
    expect(value).toContain('username="jo \\"the\\" \\\\", realm="a \\"b\\\\", uri="/\\"", nonce="n\\""')
    expect(value).toContain('opaque="\\\\o"')
    const key = md5('jo "the" \\:a "b\\:Circle of Life')
    expect(paramsOf(value)["response"]).toBe(md5(`${key}:n":00000001:0a4f113b:auth:${md5('GET:/"')}`))
  })

  it("hashes the bytes that a server sent, and what the user gave as UTF-8", () => {
    // A realm of "é" in latin1.
    const challenge = chosen('Digest realm="\u00e9", nonce="n"')
    const bytes = Buffer.concat([Buffer.from("J\u00f6:"), Buffer.of(0xe9), Buffer.from(":p\u20ac")])
    const key = crypto.createHash("md5").update(bytes).digest("hex")
    const params = paramsOf(answer(challenge, { username: "J\u00f6", password: "p\u20ac" }))
    expect(params).toMatchObject({ realm: "\u00e9", response: md5(`${key}:n:${md5("GET:/dir/index.html")}`) })
  })

  it("has the composed form of names and passwords for a server that says UTF-8, and else what was given", () => {
    const utf8 = chosen('Digest realm="r", nonce="n", charset=UTF-8')
    const decomposed = { username: "Jo\u0308", password: "e\u0301" }
    expect(answer(utf8, decomposed)).toBe(answer(utf8, { username: "J\u00f6", password: "\u00e9" }))
    expect(paramsOf(answer(plain, decomposed))["username*"]).toBe("UTF-8''Jo%CC%88")
  })

  it("percent-encodes in a name all that an extended value may not have", () => {
    expect(paramsOf(answer(plain, { username: "\u00e4*'()%\"\\ ,;=!~" }))["username*"]).toBe(
      "UTF-8''%C3%A4%2A%27%28%29%25%22%5C%20%2C%3B%3D!~"
    )
    expect(paramsOf(answer(plain, { username: "\ud800" }))["username*"]).toBe("UTF-8''%EF%BF%BD")
  })

  it("is none for a name with a control character", () => {
    for (const username of ["jo\n", "\r", "\0", "\u007f"]) {
      expect(problemOf(answer(plain, { username }))).toBe("InvalidCredentials")
    }
  })

  it("is none if target or nonce could forge a field", () => {
    for (const text of ["a\r\nX-Forged: 1", "\0", "\u0100"]) {
      expect(problemOf(answer(plain, { uri: text }))).toBe("InvalidRequest")
      expect(problemOf(answer(plain, { cnonce: text }))).toBe("InvalidRequest")
      expect(problemOf(answer({ ...plain, realm: text }))).toBe("InvalidRequest")
    }
  })

  it("is none if the runtime lost the algorithm", () => {
    expect(problemOf(answer(plain, {}, () => undefined))).toBe("UnsupportedChallenge")
    expect(problemOf(answer({ ...plain, userhash: true }, {}, () => undefined))).toBe("UnsupportedChallenge")
  })

  it("does not show the password", () => {
    const password = Redacted.make("s3cret")
    const request = { ...digestState(plain, "c"), credentials: { username: "jo", password } }
    expect(inspect(request, { depth: 9 }) + JSON.stringify(request)).not.toContain("s3cret")
    expect(inspect(answer(plain, { username: "\n", password: "s3cret" }))).not.toContain("s3cret")
    expect(inspect(answer(plain, { uri: "\n", password: "s3cret" }))).not.toContain("s3cret")
  })

  it("is one field that a server reads as it was meant, whatever the server and the user say", () => {
    const any = fc.string({
      unit: fc.oneof(fc.constantFrom('"', "\\", ",", "=", " ", "\r", "\n"), fc.string({ maxLength: 1 }))
    })
    const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`
    fc.assert(
      fc.property(any, any, any, any, (realm, nonce, username, uri) => {
        const challenge = choose(`Digest realm=${quoted(realm)}, nonce=${quoted(nonce)}, qop=auth`)
        if (challenge === undefined || isDigestProblem(challenge)) {
          expect(realm + nonce).toMatch(/[^\t\x20-\x7e\x80-\xff]/)
          return
        }
        const value = answer(challenge, { username, uri })
        if (typeof value !== "string") {
          expect(username + uri).toMatch(/[^\x20-\x7e\x80-\xff]/)
          return
        }
        expect(fieldViolation("Authorization", value)).toBeUndefined()
        const params = paramsOf(value)
        expect(params).toMatchObject({ realm, nonce, uri, qop: "auth", nc: "00000001" })
        const extended = params["username*"]?.replace("UTF-8''", "")
        expect(extended === undefined ? params["username"] : decodeURIComponent(extended)).toBe(username)
      }),
      { numRuns: 500 }
    )
  })
})

describe("the state", () => {
  const first = digestState(chosen('Digest realm="r", nonce="n", qop="auth"'), "c")

  it("counts the requests of a nonce from 1", () => {
    const third = afterRequest(afterRequest(first))
    expect([first, third].map(({ nonceCount }) => nonceCount)).toEqual([1, 3])
    expect(third).toMatchObject({ challenge: first.challenge, cnonce: "c" })
  })

  it("counts from 1 again after nextnonce", () => {
    const next = afterAuthenticationInfo(afterRequest(first), ['qop=auth, NextNonce="m\\"", rspauth="00"'])
    expect(next).toMatchObject({ nonceCount: 1, cnonce: "c", challenge: { nonce: 'm"', sessionNonce: "n" } })
  })

  it("goes on counting when another response gives the same nextnonce", () => {
    const next = afterRequest(afterAuthenticationInfo(first, ["nextnonce=m"]))
    expect(afterAuthenticationInfo(next, ["nextnonce=m"])).toBe(next)
  })

  it("stays as it is without nextnonce, and with one that could forge a field", () => {
    for (const values of [[], ["qop=auth"], ['nextnonce="a\r\nX-Forged: 1"'], ["nextnonce"]]) {
      expect(afterAuthenticationInfo(first, values)).toBe(first)
    }
  })
})

describe("a challenge that follows an answer", () => {
  const challenge = (nonce: string, more = "") => chosen(`Digest realm="r", nonce="${nonce}"${more}`)
  const sent = challenge("n")

  it("is a refusal, also with another nonce", () => {
    expect(isDigestRefusal(challenge("n"), { sent, answers: 1 })).toBe(true)
    expect(isDigestRefusal(challenge("m"), { sent, answers: 1 })).toBe(true)
    expect(isDigestRefusal(challenge("m", ", stale=false"), { sent, answers: 1 })).toBe(true)
  })

  it("is none if only the nonce was stale", () => {
    expect(isDigestRefusal(challenge("m", ", stale=true"), { sent, answers: 1 })).toBe(false)
  })

  it("is a refusal in the end, if every nonce is stale", () => {
    const stale = challenge("m", ", stale=true")
    const refusals = [0, 1, 2, 3, 4].map((answers) => isDigestRefusal(stale, { sent, answers }))
    expect(refusals).toEqual([false, false, false, true, true])
  })

  it("is none if nothing was sent, or only what an earlier exchange has left with a nonce now forgotten", () => {
    expect(isDigestRefusal(challenge("n"), { sent: undefined, answers: 0 })).toBe(false)
    expect(isDigestRefusal(challenge("m"), { sent, answers: 0 })).toBe(false)
    expect(isDigestRefusal(challenge("n"), { sent, answers: 0 })).toBe(true)
  })
})

describe("the hash of Node", () => {
  it.each([
    ["MD5", "900150983cd24fb0d6963f7d28e17f72"],
    ["SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["SHA-512-256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"]
  ] as const)("%s of abc", (algorithm, digest) => {
    expect(nodeHash(algorithm, new TextEncoder().encode("abc"))).toBe(digest)
  })

  it("is undefined for an algorithm that OpenSSL does not have", () => {
    lacking.add("md5")
    expect(nodeHash("MD5", new Uint8Array(0))).toBeUndefined()
    expect(nodeHash("SHA-256", new Uint8Array(0))).toBeDefined()
  })
})
