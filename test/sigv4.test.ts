/** AWS Signature Version 4, against the signatures that AWS has published. */
import { describe, expect, it } from "@effect/vitest"
import { createHash, createHmac } from "node:crypto"
import {
  hex,
  presignedQuery,
  type Sha256,
  signedFields,
  type SigningScope,
  unsignedPayload
} from "../src/protocol/sigv4.js"

const sha256: Sha256 = {
  hash: (bytes) => createHash("sha256").update(bytes).digest(),
  hmac: (key, message) => createHmac("sha256", key).update(message).digest()
}

const hashOf = (text: string): string => hex(sha256.hash(new TextEncoder().encode(text)))

// The credentials of AWS's test suite.
const suite: SigningScope = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: undefined,
  region: "us-east-1",
  service: "service",
  now: Date.UTC(2015, 7, 30, 12, 36, 0)
}

const s3: SigningScope = {
  ...suite,
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  service: "s3",
  now: Date.UTC(2013, 4, 24)
}

const authorizationOf = (
  method: string,
  pathAndQuery: string,
  fields: ReadonlyArray<readonly [string, string]> = [],
  body = "",
  scope: SigningScope = suite,
  authority = "example.amazonaws.com"
) => {
  const request = { method, authority, pathAndQuery, fields, payload: hashOf(body) }
  return new Map(signedFields(request, scope, sha256)).get("Authorization")!
}

const signatureOf = (...args: Parameters<typeof authorizationOf>) =>
  authorizationOf(...args).replace(/.*Signature=/, "")

describe("AWS's test suite", () => {
  it.each([
    ["get-vanilla", "GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", "POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    ["get-relative", "GET", "/example/..", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["get-slash", "GET", "//", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "/?Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    ],
    [
      "get-unreserved",
      "GET",
      "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
    ]
  ])("%s", (_, method, pathAndQuery, signature) => {
    expect(authorizationOf(method, pathAndQuery)).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
        `SignedHeaders=host;x-amz-date, Signature=${signature}`
    )
  })

  it("get-header-value-trim", () => {
    const fields = [
      ["My-Header1", " value1"],
      ["My-Header2", ' "a   b   c"']
    ] as const
    expect(signatureOf("GET", "/", fields)).toBe("acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")
  })

  it("post-x-www-form-urlencoded", () => {
    const fields = [["Content-Type", "application/x-www-form-urlencoded"]] as const
    expect(signatureOf("POST", "/", fields, "Param1=value1")).toBe(
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    )
  })
})

describe("S3's published examples", () => {
  const host = "examplebucket.s3.amazonaws.com"

  it("GET of a range", () => {
    expect(signatureOf("GET", "/test.txt", [["Range", "bytes=0-9"]], "", s3, host)).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
  })

  it("PUT of an object", () => {
    const fields = [
      ["Date", "Fri, 24 May 2013 00:00:00 GMT"],
      ["x-amz-storage-class", "REDUCED_REDUNDANCY"]
    ] as const
    expect(signatureOf("PUT", "/test%24file.text", fields, "Welcome to Amazon S3.", s3, host)).toBe(
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )
  })

  it("GET of a subresource", () => {
    expect(signatureOf("GET", "/?lifecycle", [], "", s3, host)).toBe(
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
  })

  it("list of objects", () => {
    expect(signatureOf("GET", "/?max-keys=2&prefix=J", [], "", s3, host)).toBe(
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )
  })

  it("a presigned URL", () => {
    const request = { method: "GET", authority: host, pathAndQuery: "/test.txt", fields: [], payload: unsignedPayload }
    expect(presignedQuery(request, s3, 86_400, sha256)).toBe(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&" +
        "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&" +
        "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
  })
})

describe("a signature", () => {
  it("is over a session token, which is sent along", () => {
    const scope = { ...suite, sessionToken: "TOKEN" }
    const request = { method: "GET", authority: "a.example", pathAndQuery: "/", fields: [], payload: hashOf("") }
    expect(signedFields(request, scope, sha256)).toEqual([
      ["X-Amz-Date", "20150830T123600Z"],
      ["X-Amz-Security-Token", "TOKEN"],
      ["Authorization", expect.stringContaining("SignedHeaders=host;x-amz-date;x-amz-security-token,")]
    ])
    expect(presignedQuery({ ...request, pathAndQuery: "/?a=1" }, scope, 5, sha256)).toMatch(
      /^X-Amz-Algorithm=.*&X-Amz-Security-Token=TOKEN&X-Amz-SignedHeaders=host&a=1&X-Amz-Signature=[\da-f]{64}$/
    )
  })

  it("is not over what changes on the way, and over the Host that is sent", () => {
    const plain = signatureOf("GET", "/", [["Host", "other.example"]])
    const fields = [
      ["User-Agent", "x"],
      ["Accept-Encoding", "gzip"],
      ["HOST", "other.example"]
    ] as const
    expect(signatureOf("GET", "/", fields)).toBe(plain)
    expect(signatureOf("GET", "/", [], "", suite, "other.example")).toBe(plain)
  })

  it("is the same for a path however S3's client wrote it, and for what is no encoding", () => {
    expect(signatureOf("GET", "/a%2Db/c!d", [], "", s3)).toBe(signatureOf("GET", "/a-b/c%21d", [], "", s3))
    expect(signatureOf("GET", "/a%zz", [], "", s3)).toMatch(/^[\da-f]{64}$/)
  })

  it("takes fields of one name together, and equal parameters in the order of their values", () => {
    const fields = [
      ["X-A", "1"],
      ["x-a", "2"]
    ] as const
    expect(signatureOf("GET", "/?b=2&b=1&a=+x", fields)).toBe(signatureOf("GET", "/?a=%20x&b=1&b=2", [["x-a", "1,2"]]))
    expect(signatureOf("GET", "/?b=1&b=1")).toBe(signatureOf("GET", "/?b=1&b=1"))
  })
})
