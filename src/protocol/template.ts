/**
 * The expansion of URI templates (RFC 6570), and what it must not let pass.
 *
 * The expansion itself is a library's. What is added: a value stays within its segment of the path. Percent-encoding keeps
 * `/`, `?` and `#` out of the way of a URL, but not dots: `..` is another resource, encoded or not (URL Standard §4.4,
 * RFC 3986 §5.2.4), and an empty segment often is one too.
 *
 * @since 0.1.0
 */
import { parseTemplate, type PrimitiveValue } from "url-template"

/** Why a template has no expansion. */
export interface TemplateProblem {
  readonly _tag: "TemplateProblem"
  readonly message: string
}

export const isTemplateProblem = (expanded: string | TemplateProblem): expanded is TemplateProblem =>
  typeof expanded !== "string"

const problem = (message: string): TemplateProblem => ({ _tag: "TemplateProblem", message })

// RFC 6570 §2.3: names, prefixes and the explode modifier; operators that are reserved for extensions are not known.
const variable = String.raw`(?:[\w]|%[\da-fA-F]{2})(?:\.?(?:[\w]|%[\da-fA-F]{2}))*(?::[1-9]\d{0,3}|\*)?`
const expression = new RegExp(String.raw`\{([+#./;?&]?)(${variable}(?:,${variable})*)\}`, "g")
const prefixed = /([^{,]*):(\d+)(?=[,}])/g

interface Expression {
  readonly operator: string
  readonly names: ReadonlyArray<string>
}

const expressionsOf = (template: string): ReadonlyArray<Expression> | TemplateProblem => {
  if (/[{}]/.test(template.replace(expression, ""))) return problem("its braces enclose no expression of RFC 6570")
  return Array.from(template.matchAll(expression), ([, operator = "", list = ""]) => ({
    operator,
    names: list.split(",").map((each) => each.replace(/(?::\d+|\*)$/, ""))
  }))
}

type Context = Record<string, PrimitiveValue | Array<PrimitiveValue> | Record<string, PrimitiveValue>>

const isScalar = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value)

/** The text of a value, of each in a list, or of each in a record; `undefined` if one of them has none. */
const textOf = (value: unknown): Context[string] | undefined => {
  if (isScalar(value)) return wellFormed(String(value))
  if (typeof value !== "object" || value === null) return undefined
  if (Array.isArray(value)) {
    const texts = value.map((each) => (isScalar(each) ? wellFormed(String(each)) : undefined))
    return texts.every((each) => each !== undefined) ? texts : undefined
  }
  const texts: Record<string, string> = Object.create(null)
  for (const [name, each] of Object.entries(value)) {
    const text = isScalar(each) ? wellFormed(String(each)) : undefined
    if (text === undefined || wellFormed(name) === undefined) return undefined
    texts[name] = text
  }
  return texts
}

/** Text that has an encoding: half of a surrogate pair has none. */
const wellFormed = (text: string): string | undefined =>
  /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text) ? undefined : text

/** The URL that a template and its values make. */
export const expandTemplate = (
  template: string,
  values: Readonly<Record<string, unknown>>
): string | TemplateProblem => {
  if (typeof template !== "string") return problem("it is no text")
  try {
    return expanded(template, values)
  } catch {
    return problem("reading the values threw")
  }
}

const expanded = (template: string, values: Readonly<Record<string, unknown>>): string | TemplateProblem => {
  const expressions = expressionsOf(template)
  if ("_tag" in expressions) return expressions
  if (wellFormed(template) === undefined) return problem("it is not well-formed text")
  const given: Context = Object.create(null)
  const harmless: Context = Object.create(null)
  for (const { names, operator } of expressions) {
    for (const name of names) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined
      if (value === undefined || value === null) {
        if (inPath.has(operator)) return problem(`${name} is not given`)
        continue
      }
      const text = textOf(value)
      if (text === undefined)
        return problem(`${name} has no text form: give text, a finite number, a boolean, or lists of them`)
      given[name] = text
      harmless[name] = "x"
    }
  }
  const parsed = parseTemplate(inUnits(template, given))
  const url = parsed.expand(given)
  const expected = segmentsOf(parsed.expand(harmless))
  const found = segmentsOf(url)
  if (count(found, isDots) > count(expected, isDots))
    return problem("a value makes a segment of dots, which is another path")
  if (count(found, isEmpty) > count(expected, isEmpty)) return problem("a value leaves a segment of the path empty")
  return url
}

/**
 * The template with its prefixes counted in UTF-16 units, as the library cuts. RFC 6570 §2.4.1 counts characters, and half
 * of one has no encoding.
 */
const inUnits = (template: string, given: Context): string =>
  template.replace(expression, (expression) =>
    expression.replace(prefixed, (whole, start: string, count: string) => {
      const value = given[start.replace(/^[+#./;?&]/, "")]
      if (typeof value !== "string" || !/[\ud800-\udbff]/.test(value)) return whole
      return `${start}:${Array.from(value).slice(0, Number(count)).join("").length}`
    })
  )

/** Operators of expressions without which the path would be another. */
const inPath: ReadonlySet<string> = new Set(["", "+", "#"])

const segmentsOf = (url: string): ReadonlyArray<string> => {
  const path = url.replace(/[?#].*$/s, "").replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*/i, "")
  // The slash that an absolute path begins with leaves nothing empty.
  return path.replace(/^\//, "").split("/")
}

const count = (segments: ReadonlyArray<string>, is: (segment: string) => boolean): number => segments.filter(is).length

const isDots = (segment: string): boolean => /^(?:\.|%2e){1,2}$/i.test(segment)

const isEmpty = (segment: string): boolean => segment === ""
