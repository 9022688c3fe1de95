/** Signatures of AWS: its published test suite, the examples of S3's documentation, and the auth that makes them. */
import { describe, expect, it } from "@effect/vitest"
import { Data, Effect, Redacted, Stream, TestClock } from "effect"
import { Auth, Client, type Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { Fields } from "../src/protocol/Fields.js"
import {
  amzDate,
  canonicalRequest,
  isAmzTime,
  normalizedPath,
  presignedQuery,
  sha256Hex,
  sigv4Authorization,
  stringToSign,
  unsignedPayload
} from "../src/protocol/sigv4.js"
import { failsWith } from "./support/failing.js"

class NoRole extends Data.TaggedError("NoRole")<{ readonly message: string }> {}

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
const time = Date.UTC(2015, 7, 30, 12, 36, 0)
const empty = sha256Hex(new Uint8Array(0))
const host = ["Host", "example.amazonaws.com", "X-Amz-Date", "20150830T123600Z"]

interface Case {
  readonly method?: string
  /** As the suite's request line has it: not yet encoded. */
  readonly path?: string
  readonly query?: string
  readonly fields?: ReadonlyArray<string>
  readonly body?: string
}

const requestOf = ({ body = "", fields = host, method = "GET", path = "/", query = "" }: Case) => ({
  region: "us-east-1",
  service: "service",
  method,
  path: normalizedPath(path),
  query,
  headers: new Fields(fields),
  payload: sha256Hex(new TextEncoder().encode(body)),
  time
})

const session =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

/** `aws-sig-v4-test-suite`: the signature of each request. */
const suite: Readonly<Record<string, readonly [Case, string]>> = {
  "get-vanilla": [{}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  "post-vanilla": [{ method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  "get-vanilla-query": [{}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  "get-vanilla-empty-query-key": [
    { query: "Param1=value1" },
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"
  ],
  "get-vanilla-query-order-key-case": [
    { query: "Param2=value2&Param1=value1" },
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
  ],
  "get-unreserved": [
    { path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" },
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
  ],
  "get-utf8": [{ path: "/\u1234" }, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"],
  "get-vanilla-utf8-query": [
    { query: "\u1234=bar" },
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
  ],
  "get-header-key-duplicate": [
    {
      fields: [
        ...["Host", "example.amazonaws.com", "My-Header1", "value2", "My-Header1", "value2", "My-Header1", "value1"],
        ...["X-Amz-Date", "20150830T123600Z"]
      ]
    },
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
  ],
  "get-header-value-trim": [
    {
      fields: [
        ...["Host", "example.amazonaws.com", "My-Header1", " value1", "My-Header2", ' "a   b   c"'],
        ...["X-Amz-Date", "20150830T123600Z"]
      ]
    },
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
  ],
  "post-header-key-sort": [
    { method: "POST", fields: [...host, "My-Header1", "value1"] },
    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"
  ],
  "post-x-www-form-urlencoded": [
    { method: "POST", fields: [...host, "Content-Type", "application/x-www-form-urlencoded"], body: "Param1=value1" },
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
  ],
  "post-sts-header-before": [
    { method: "POST", fields: [...host, "X-Amz-Security-Token", session] },
    "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
  ],
  "get-relative": [{ path: "/example/.." }, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  "get-relative-relative": [
    { path: "/example1/example2/../.." },
    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
  ],
  "get-slash": [{ path: "//" }, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  "get-slash-dot-slash": [{ path: "/./" }, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  "get-slashes": [{ path: "//example//" }, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"],
  "get-slash-pointless-dot": [
    { path: "/./example" },
    "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"
  ],
  "get-space": [{ path: "/example space/" }, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"]
}

describe("the signature of AWS's test suite", () => {
  it.each(Object.entries(suite))("%s", (_, [given, signature]) => {
    const signed = sigv4Authorization(requestOf(given), "AKIDEXAMPLE", secret)
    const scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    expect(signed.startsWith(`${scope}, SignedHeaders=`)).toBe(true)
    expect(/Signature=(.*)$/.exec(signed)?.[1]).toBe(signature)
  })

  it("get-vanilla, step by step", () => {
    expect(canonicalRequest(requestOf({}))).toBe(
      `GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n${empty}`
    )
    expect(stringToSign(requestOf({}))).toBe(
      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n" +
        "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
    )
  })
})

/** "Signature Calculations" of the S3 API reference. */
describe("the signature of S3's documentation", () => {
  const s3 = {
    region: "us-east-1",
    service: "s3",
    method: "GET",
    path: "/",
    query: "",
    headers: Fields.empty,
    payload: empty,
    time: Date.UTC(2013, 4, 24)
  }
  const s3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  const signatureOf = (request: typeof s3) =>
    /Signature=(.*)$/.exec(sigv4Authorization(request, "AKIAIOSFODNN7EXAMPLE", s3Secret))?.[1]
  const fields = (payload: string, ...more: ReadonlyArray<string>) =>
    new Fields([
      ...["Host", "examplebucket.s3.amazonaws.com", "x-amz-content-sha256", payload],
      ...["x-amz-date", "20130524T000000Z", ...more]
    ])

  it("of GET Object", () => {
    const headers = fields(empty, "Range", "bytes=0-9")
    expect(signatureOf({ ...s3, path: "/test.txt", headers })).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
  })

  it("of PUT Object, whose key has a dollar in it", () => {
    const payload = sha256Hex(new TextEncoder().encode("Welcome to Amazon S3."))
    const headers = fields(
      payload,
      ...["Date", "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class", "REDUCED_REDUNDANCY"]
    )
    expect(signatureOf({ ...s3, method: "PUT", path: "/test$file.text", headers, payload })).toBe(
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )
  })

  it("of GET Bucket Lifecycle, whose parameter has no value", () => {
    expect(signatureOf({ ...s3, query: "lifecycle", headers: fields(empty) })).toBe(
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
  })

  it("of GET Bucket, with parameters", () => {
    expect(signatureOf({ ...s3, query: "max-keys=2&prefix=J", headers: fields(empty) })).toBe(
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )
  })

  it("of a URL that is signed", () => {
    const query = presignedQuery(
      {
        ...s3,
        path: "/test.txt",
        payload: unsignedPayload,
        headers: new Fields(["host", "examplebucket.s3.amazonaws.com"]),
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        sessionToken: undefined,
        expiresIn: 86400
      },
      s3Secret
    )
    expect(query).toBe(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
  })
})

describe("what is signed", () => {
  it("has its time in UTC, without fractions", () => {
    expect(amzDate(time + 999)).toBe("20150830T123600Z")
    expect([isAmzTime(0), isAmzTime(-1), isAmzTime(Number.NaN), isAmzTime(8.64e15)]).toEqual([
      true,
      false,
      false,
      false
    ])
  })

  it("has its parameters sorted by name, then value, and encoded in one way", () => {
    const lines = canonicalRequest(requestOf({ query: "b=2&a=%7e&b=1&a=x+y&c&&a=%2B!" })).split("\n")
    expect(lines[2]).toBe("a=%2B%21&a=x%20y&a=~&b=1&b=2&c=")
  })
})

describe("Auth.awsSigV4", () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: Redacted.make(secret) }
  const options = { region: "us-east-1", service: "service", credentials }

  /** What a server sees of a call at the time of the suite. */
  const seen = <E>(
    auth: Auth.Auth<E>,
    url: string,
    call?: Request.RequestOptions<never>,
    method = "GET"
  ): Effect.Effect<InProcess.Incoming, unknown> =>
    Effect.gen(function* () {
      yield* TestClock.setTime(time)
      let incoming: InProcess.Incoming | undefined
      const server = InProcess.layer((request) => {
        incoming = request
        return Effect.as(request.body, {})
      })
      const client = yield* Effect.provide(Client.make({ auth }), server)
      yield* client.request(method, url, call)
      return incoming!
    })

  it.effect("signs as the test suite has it, at the time of the clock", () =>
    Effect.gen(function* () {
      const { headers } = yield* seen(Auth.awsSigV4(options), "https://example.amazonaws.com/", {
        headers: { accept: [] }
      })
      expect(headers.get("x-amz-date")).toBe("20150830T123600Z")
      expect(headers.get("authorization")).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, SignedHeaders=accept;host;x-amz-date, Signature=[0-9a-f]{64}$/
      )
    })
  )

  it.effect("signs the body, the fields of the call and the session token", () =>
    Effect.gen(function* () {
      const auth = Auth.awsSigV4({ ...options, credentials: { ...credentials, sessionToken: Redacted.make("st") } })
      const { headers } = yield* seen(auth, "https://h.test/", { json: 1, headers: { "X-Own": "1" } }, "POST")
      expect(headers.get("x-amz-security-token")).toBe("st")
      expect(headers.get("authorization")).toContain(
        "SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token;x-own,"
      )
      const signed = new Fields([
        ...["accept", "*/*", "content-type", "application/json", "host", "h.test", "x-amz-date", "20150830T123600Z"],
        ...["x-amz-security-token", "st", "x-own", "1"]
      ])
      const payload = sha256Hex(new TextEncoder().encode("1"))
      const request = { ...requestOf({ method: "POST" }), headers: signed, payload }
      expect(headers.get("authorization")).toBe(sigv4Authorization(request, "AKIDEXAMPLE", secret))
    })
  )

  it.effect("encodes the path twice, and for S3 once", () =>
    Effect.gen(function* () {
      const url = "https://h.test/a%20b/c+d?x=1?2"
      for (const service of ["service", "s3"]) {
        const { headers } = yield* seen(Auth.awsSigV4({ ...options, service }), url)
        const sha = service === "s3" ? ["x-amz-content-sha256", empty] : []
        const signed = new Fields(["accept", "*/*", "host", "h.test", "x-amz-date", "20150830T123600Z", ...sha])
        const path = service === "s3" ? "/a b/c+d" : "/a%20b/c+d"
        const request = { ...requestOf({}), service, path, query: "x=1?2", headers: signed }
        expect(headers.get("authorization")).toBe(sigv4Authorization(request, "AKIDEXAMPLE", secret))
        expect(headers.get("x-amz-content-sha256")).toBe(service === "s3" ? empty : undefined)
      }
    })
  )

  it.effect("does not sign a stream that goes to S3, nor what it is told not to", () =>
    Effect.gen(function* () {
      const stream = { content: Stream.make(new Uint8Array(1)) }
      const s3 = { ...options, service: "s3" }
      const payloadOf = (auth: Auth.Auth, call: Request.RequestOptions) =>
        Effect.map(seen(auth, "https://h.test/", call, "PUT"), ({ headers }) => headers.get("x-amz-content-sha256"))
      expect(yield* payloadOf(Auth.awsSigV4(s3), stream)).toBe("UNSIGNED-PAYLOAD")
      expect(yield* payloadOf(Auth.awsSigV4({ ...s3, signBody: false }), { content: "x" })).toBe("UNSIGNED-PAYLOAD")
      expect(yield* payloadOf(Auth.awsSigV4({ ...options, signBody: false }), { content: "x" })).toBe(
        "UNSIGNED-PAYLOAD"
      )
      const own = { content: "x", headers: { "x-amz-content-sha256": "STREAMING-OWN" } }
      expect(yield* payloadOf(Auth.awsSigV4(s3), own)).toBe("STREAMING-OWN")
    })
  )

  it.effect("fails for a stream that has to be signed, before anything is sent", () =>
    Effect.gen(function* () {
      const stream = { content: Stream.make(new Uint8Array(1)) }
      for (const auth of [Auth.awsSigV4(options), Auth.awsSigV4({ ...options, service: "s3", signBody: true })]) {
        const error = yield* failsWith(callOf(auth, stream), "AuthError")
        expect(error.message).toContain("the body is a stream, whose hash is not known")
        expect(error.delivery).toBe("unsent")
      }
    })
  )

  const callOf = (auth: Auth.Auth<unknown>, call?: Request.RequestOptions) =>
    Effect.flatMap(
      Effect.provide(
        Client.make({ auth }),
        InProcess.layer(() => Effect.succeed({}))
      ),
      (client) => client.post("https://h.test/", call)
    )

  it.effect("asks an effect for the keys of each request, and fails with what that fails with", () =>
    Effect.gen(function* () {
      let n = 0
      const credentials = Effect.sync(() => ({ accessKeyId: `K${++n}`, secretAccessKey: Redacted.make(secret) }))
      const auth = Auth.awsSigV4({ ...options, credentials })
      for (const key of ["K1", "K2"]) {
        const { headers } = yield* seen(auth, "https://h.test/")
        expect(headers.get("authorization")).toContain(`Credential=${key}/20150830`)
      }
      const failing = Auth.awsSigV4({ ...options, credentials: Effect.fail(new NoRole({ message: "no role" })) })
      const error = yield* failsWith(callOf(failing), "AuthError")
      expect(error.message).toContain("the auth failed: no role")
      expect(error.cause).toEqual(new NoRole({ message: "no role" }))
    })
  )

  it.effect("fails for secrets that are gone, and for a time without a date", () =>
    Effect.gen(function* () {
      const wiped = Redacted.make("x")
      Redacted.unsafeWipe(wiped)
      const token = { ...options, credentials: { ...credentials, sessionToken: wiped } }
      const key = { ...options, credentials: Effect.succeed({ ...credentials, secretAccessKey: wiped }) }
      for (const broken of [token, key]) {
        expect((yield* failsWith(callOf(Auth.awsSigV4(broken)), "AuthError")).message).toContain("wiped")
        const url = Auth.awsPresign("https://h.test/", broken)
        expect((yield* failsWith(url, "AuthError")).message).toContain("wiped")
      }
      yield* TestClock.setTime(8.64e15)
      expect((yield* failsWith(callOf(Auth.awsSigV4(options)), "AuthError")).message).toContain("a time that cannot")
      const url = Auth.awsPresign("https://h.test/", options)
      expect((yield* failsWith(url, "AuthError")).message).toContain("a time that cannot")
    })
  )

  it.effect("leaves a request that can go nowhere to say so itself", () =>
    Effect.gen(function* () {
      const client = yield* Effect.provide(
        Client.make({ auth: Auth.awsSigV4(options) }),
        InProcess.layer(() => Effect.succeed({}))
      )
      yield* failsWith(client.get("nowhere"), "InvalidUrl")
    })
  )
})

describe("Auth.awsPresign", () => {
  const credentials = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
  }
  const options = { region: "us-east-1", service: "s3", credentials }
  const url = "https://examplebucket.s3.amazonaws.com/test.txt"

  it.effect("makes the URL of S3's documentation", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2013, 4, 24))
      const signed = yield* Auth.awsPresign(url, { ...options, expiresIn: "1 day" })
      expect(signed.startsWith(`${url}?X-Amz-Algorithm=AWS4-HMAC-SHA256&`)).toBe(true)
      expect(signed.endsWith("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")).toBe(true)
    })
  )

  it.effect("keeps the query, and takes keys from an effect, with their session", () =>
    Effect.gen(function* () {
      const session = Effect.succeed({ ...credentials, sessionToken: Redacted.make("a/b") })
      const signed = yield* Auth.awsPresign(new URL(`${url}?versionId=1#part`), { ...options, credentials: session })
      expect(signed).toContain("/test.txt?versionId=1&X-Amz-Algorithm=")
      expect(signed).toContain("&X-Amz-Expires=900&X-Amz-Security-Token=a%2Fb&X-Amz-SignedHeaders=host&")
    })
  )

  it.effect("differs by method, and by service", () =>
    Effect.gen(function* () {
      const urls = [
        yield* Auth.awsPresign(url, options),
        yield* Auth.awsPresign(url, { ...options, method: "PUT" }),
        yield* Auth.awsPresign(url, { ...options, service: "service" }),
        yield* Auth.awsPresign(url, { ...options, service: "service", signBody: false })
      ]
      expect(new Set(urls).size).toBe(4)
    })
  )

  it.effect("fails where there is no such URL", () =>
    Effect.gen(function* () {
      yield* failsWith(Auth.awsPresign("nowhere", options), "InvalidUrl")
      for (const expiresIn of ["8 days", 0, "10 millis"] as const) {
        const error = yield* failsWith(Auth.awsPresign(url, { ...options, expiresIn }), "AuthError")
        expect(error.message).toContain("expiresIn is not between one second and seven days")
      }
    })
  )
})
