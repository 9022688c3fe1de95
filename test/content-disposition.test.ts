/** Content-Disposition (RFC 6266), and file names that can do no harm wherever they are written. */
import { FastCheck as fc, Option } from "effect"
import { describe, expect, it } from "vitest"
import { parseContentDisposition, safeFileName } from "../src/content/ContentDisposition.js"

const nameIn = (field: string): string | undefined =>
  Option.getOrUndefined(parseContentDisposition(field)?.fileName ?? Option.none())

const safe = (sent: string): string | undefined => Option.getOrUndefined(safeFileName(sent))

describe("Content-Disposition", () => {
  it("says what to do with the body", () => {
    expect(parseContentDisposition("inline")).toMatchObject({ type: "inline", fileName: Option.none() })
    expect(parseContentDisposition("ATTACHMENT")?.type).toBe("attachment")
    expect(parseContentDisposition('form-data; name="x"')?.parameters).toEqual(new Map([["name", "x"]]))
  })

  it.each(["", ";filename=x", '"inline"', "a b; filename=x", "filename=x"])("%j says nothing", (field) => {
    expect(parseContentDisposition(field)).toBeUndefined()
  })

  // RFC 6266 §5, and what browsers are tested with
  it.each([
    ["Attachment; filename=example.html", "example.html"],
    ['INLINE; FILENAME= "an example.html"', "an example.html"],
    ["attachment; filename*= UTF-8''%e2%82%ac%20rates", "€ rates"],
    ["attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "€ rates"],
    ["attachment; filename*=UTF-8''%e2%82%ac.txt; filename=fallback.txt", "€.txt"],
    ["attachment; filename*=iso-8859-1'en'%A3.txt", "£.txt"],
    ["attachment; filename*=UTF-8''%ff; filename=fallback.txt", "fallback.txt"],
    ['attachment; filename="f\\oo.html"', "foo.html"],
    ['attachment; filename="\\"quoting\\" tested.html"', "_quoting_ tested.html"],
    ["attachment; filename=", undefined],
    ["attachment", undefined]
  ])("%s is saved as %j", (field, name) => {
    expect(nameIn(field)).toBe(name)
  })

  it("may have UTF-8 in its quotes, or Latin-1", () => {
    const asBytes = (text: string) => String.fromCharCode(...new TextEncoder().encode(text))
    expect(nameIn(`attachment; filename="${asBytes("naïve €.txt")}"`)).toBe("naïve €.txt")
    expect(nameIn('attachment; filename="na\xefve.txt"')).toBe("naïve.txt")
    // Decoded already, what looks like UTF-8 is meant.
    expect(nameIn("attachment; filename*=UTF-8''%c3%83%c2%a9")).toBe("Ã©")
  })
})

describe("a file name", () => {
  it.each([
    ["../../etc/passwd", "passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    ["/etc/passwd", "passwd"],
    ["C:\\Windows\\x.dll", "x.dll"],
    ["C:x.txt", "C_x.txt"],
    ["file.txt::$DATA", "file.txt__$DATA"],
    ["..", undefined],
    [".", undefined],
    ["", undefined],
    [" . . ", undefined],
    ["a/", undefined],
    [".bashrc", "bashrc"],
    ["...hidden", "hidden"],
    ["name.txt. .", "name.txt"],
    ["nul", "_nul"],
    ["CON.txt", "_CON.txt"],
    ["com1.tar.gz", "_com1.tar.gz"],
    ["LPT².log", "_LPT².log"],
    ["aux .c", "_aux .c"],
    ["console.txt", "console.txt"],
    ["a\0b\r\nc\x7f.txt", "abc.txt"],
    ["invoice\u202efdp.exe", "invoicefdp.exe"],
    ["a<b>c|d?e*f.txt", "a_b_c_d_e_f.txt"],
    ["\ud800x", "x"],
    ["файл.txt", "файл.txt"]
  ])("%j is written as %j", (sent, name) => {
    expect(safe(sent)).toBe(name)
  })

  it("has at most 255 bytes, and keeps its extension", () => {
    const name = safe(`${"é".repeat(300)}.tar`)
    expect(name).toMatch(/^é+\.tar$/)
    expect(Buffer.byteLength(name ?? "")).toBeLessThanOrEqual(255)
    expect(safe("x".repeat(300))).toBe("x".repeat(255))
    expect(safe(`x.${"y".repeat(300)}`)).toHaveLength(255)
    expect(safe("😀".repeat(100))).toBe("😀".repeat(63))
  })

  it("is harmless, whatever was sent", () => {
    const unit = fc.oneof(
      fc.constantFrom(..."./\\: \0\n<>con\u202e".split("")),
      fc.string({ unit: "binary", maxLength: 1 })
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 300 }), (sent) => {
        const name = safe(sent)
        if (name === undefined) return
        expect(name).not.toMatch(/[\\/\p{Cc}<>:"|?*]|^\.|^\s|[\s.]$|^(con|nul|prn|aux)(\.|$)/iu)
        expect(name).not.toBe("")
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
        // What is safe stays as it is.
        expect(safe(name)).toBe(name)
      }),
      { numRuns: 1000 }
    )
  })
})
