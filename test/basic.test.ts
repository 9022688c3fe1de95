/** Basic authentication: what is sent for a user and a password, and which cannot be sent. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { inspect } from "node:util"
import { basicAuthorization as basic } from "../src/protocol/basic.js"

describe("Basic authentication", () => {
  it("is user, colon and password in UTF-8 and base64", () => {
    // RFC 7617 §2 and §2.1
    expect(basic("Aladdin", "open sesame")).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    expect(basic("test", "123£")).toBe("Basic dGVzdDoxMjPCow==")
    expect(basic("", "")).toBe("Basic Og==")
    expect(basic("jo", "a:b")).toBe(`Basic ${Buffer.from("jo:a:b").toString("base64")}`)
  })

  it("carries any user and password that it can", () => {
    const text = fc.string({ unit: "binary" }).filter((text) => !/[\p{Cc}\p{Surrogate}]/u.test(text))
    fc.assert(
      fc.property(text, text, (user, password) => {
        fc.pre(!user.includes(":"))
        expect(basic(user, password)).toBe(`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`)
      })
    )
  })

  it("has no limit to a password's length", () => {
    expect(basic("jo", "x".repeat(500_000))).toHaveLength("Basic ".length + 4 * Math.ceil(500_003 / 3))
  })

  it.each([
    ["a colon in the user", "jo:s3cret", "s3cret"],
    ["a line break in the user", "jo\r\ns3cret", "s3cret"],
    ["a line break in the password", "jo", "s3cret\n"],
    ["a NUL in the password", "jo", "\0s3cret"],
    ["a DEL in the password", "jo", "s3cret\x7f"]
  ])("is refused with %s", (_, user, password) => {
    const problem = basic(user, password)
    expect(problem).toMatchObject({ _tag: "BasicProblem" })
    expect(inspect(problem)).not.toMatch(/jo|s3cret/)
  })
})
