/**
 * A field section (RFC 9110 §5, RFC 9112 §5): names and values in the order and the case given, repeated names kept.
 *
 * Immutable. What the wire needs to know of it — its serialized form, the framing fields, what makes it illegal — is
 * found in one pass, the first time it is asked for, and remembered: the default fields of a client are inspected once,
 * not once a request.
 *
 * @since 0.1.0
 */
import * as Inspectable from "effect/Inspectable"
import { isSensitive, redacted, redactField } from "./redaction.js"

/**
 * What a caller may give as fields: a record (a value may be a list: the field is repeated) or pairs in their order.
 * `undefined` leaves a field out, and so does `null`, which also removes what would be inherited or added by itself.
 *
 * @since 0.1.0
 * @category models
 */
export type FieldsInput =
  | Readonly<Record<string, string | ReadonlyArray<string> | null | undefined>>
  | Iterable<readonly [name: string, value: string]>

/** What one pass over a section tells the serializer. */
interface Inspection {
  /** The section as it goes on the wire: `name: value CRLF` for each field; meaningless when `violation` is set. */
  readonly wire: string
  /** Why the section may not be sent, or `undefined`. */
  readonly violation: string | undefined
  /** Lower-case names present. */
  readonly names: ReadonlySet<string>
  /** Whether there is a Host field. */
  readonly hasHost: boolean
  /** Whether there is a Content-Length or Transfer-Encoding field. */
  readonly hasFraming: boolean
  /** Whether there is a Connection field. */
  readonly hasConnection: boolean
  /** Whether there is an Upgrade field. */
  readonly hasUpgrade: boolean
}

// RFC 9110 §5.6.2
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// RFC 9110 §5.5: visible characters, space, tab and obs-text; everything is sent as latin1, so nothing above 0xFF.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/

/** True for a field name or a method (RFC 9110 §5.6.2). */
export const isToken = (text: string): boolean => token.test(text)

/** Why this name and value cannot be sent as a field, or `undefined` when they can. */
export const fieldViolation = (name: string, value: string): string | undefined => {
  if (!token.test(name))
    return `${JSON.stringify(name)} is not a field name: it may hold letters, digits and !#$%&'*+-.^_\`|~`
  if (typeof value !== "string") return `the value of field ${name} is not a string`
  if (!fieldValue.test(value)) {
    return /[\r\n\0]/.test(value)
      ? `the value of field ${name} has a line break or NUL in it, which would let it forge fields`
      : `the value of field ${name} has a character that a field cannot carry: percent-encode it`
  }
  return undefined
}

const noNames: ReadonlySet<string> = new Set()

const joined = (one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> =>
  other.size === 0 ? one : one.size === 0 ? other : new Set([...one, ...other])

/** The names that are given as `null`, in lower case. */
const removedBy = (input: FieldsInput): ReadonlySet<string> => {
  if (!isObject(input) || Symbol.iterator in input) return noNames
  let names: Set<string> | undefined
  for (const name of Object.keys(input)) {
    if ((input as Readonly<Record<string, unknown>>)[name] === null) (names ??= new Set()).add(name.toLowerCase())
  }
  return names ?? noNames
}

/** Whether a field of that lower-case name is not wanted. */
export const isRemoved = (input: FieldsInput | undefined, lowerCaseName: string): boolean =>
  input !== undefined && removedBy(input).has(lowerCaseName)

const isObject = (input: unknown): input is object => typeof input === "object" && input !== null

const isPair = (pair: unknown): pair is readonly [name: string, value: string] =>
  Array.isArray(pair) && typeof pair[0] === "string"

/** What is no field has no name here, and a section with that may not be sent. */
const noField: readonly [name: string, value: string] = ["", ""]

const flatten = (input: FieldsInput): ReadonlyArray<string> => {
  if (!isObject(input)) return noField
  const flat: Array<string> = []
  if (Symbol.iterator in input) {
    for (const pair of input as Iterable<unknown>) {
      const [name, value] = isPair(pair) ? pair : noField
      flat.push(name, value)
    }
    return flat
  }
  for (const name of Object.keys(input)) {
    const value = input[name]
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) for (const each of value) flat.push(name, each)
    // What is neither text nor a list is found to be no field value when the section is inspected.
    else flat.push(name, value as string)
  }
  return flat
}

/**
 * An immutable, ordered, case-preserving multimap of fields.
 *
 * @since 0.1.0
 * @category models
 */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  static readonly empty: Fields = new Fields([])

  /** Fields from a record or from pairs; fields stay as they are. */
  static from(input: FieldsInput | undefined): Fields {
    if (input === undefined) return Fields.empty
    return input instanceof Fields ? input : new Fields(flatten(input))
  }

  private inspected: Inspection | undefined

  /** `flat` is `[name, value, name, value, …]`. */
  constructor(
    readonly flat: ReadonlyArray<string>,
    /** Lower-case names whose values are secrets, beside those that always are. */
    private readonly secret: ReadonlySet<string> = noNames
  ) {}

  /** How many fields there are, repeated ones counted. */
  get size(): number {
    return this.flat.length / 2
  }

  /** The values of a name joined with `, ` (RFC 9110 §5.3), or `undefined`. */
  get(name: string): string | undefined {
    const values = this.getAll(name)
    return values.length === 0 ? undefined : values.join(", ")
  }

  /** The values of a name, one a field. */
  getAll(name: string): ReadonlyArray<string> {
    const lower = name.toLowerCase()
    const values: Array<string> = []
    for (let i = 0; i < this.flat.length; i += 2) {
      if (this.flat[i]!.toLowerCase() === lower) values.push(this.flat[i + 1]!)
    }
    return values
  }

  /** Whether a name is present, in any case. */
  has(name: string): boolean {
    return this.inspection.names.has(name.toLowerCase())
  }

  /** These fields and one more at the end. */
  append(name: string, value: string): Fields {
    return new Fields([...this.flat, name, value], this.secret)
  }

  /** These fields with every field of that name replaced by one. */
  set(name: string, value: string): Fields {
    return this.remove(name).append(name, value)
  }

  /** The same for a value that is not to be shown, whatever the name. */
  setSecret(name: string, value: string): Fields {
    return new Fields([...this.remove(name).flat, name, value], new Set([...this.secret, name.toLowerCase()]))
  }

  /** Whether a name was set as a secret, which is not to be sent to another origin either. */
  isSetSecret(name: string): boolean {
    return this.secret.size > 0 && this.secret.has(name.toLowerCase())
  }

  /** Whether the values of a name are not to be shown. */
  isSecret(name: string): boolean {
    return isSensitive(name) || this.isSetSecret(name)
  }

  /** These fields without a name. */
  remove(name: string): Fields {
    if (!this.has(name)) return this
    const lower = name.toLowerCase()
    const flat: Array<string> = []
    for (let i = 0; i < this.flat.length; i += 2) {
      if (this.flat[i]!.toLowerCase() !== lower) flat.push(this.flat[i]!, this.flat[i + 1]!)
    }
    return new Fields(flat, this.secret)
  }

  /** These fields without those whose lower-case name is one of these. */
  without(isDropped: (name: string) => boolean): Fields {
    const kept = Array.from(this).filter(([name]) => !isDropped(name.toLowerCase()))
    return kept.length === this.size ? this : new Fields(kept.flat(), this.secret)
  }

  /** These fields with those of `other` after them; a name that `other` has replaces all of ours of that name. */
  merge(other: Fields): Fields {
    if (other.flat.length === 0) return this
    if (this.flat.length === 0) return other
    const { names } = other.inspection
    const flat: Array<string> = []
    for (let i = 0; i < this.flat.length; i += 2) {
      if (!names.has(this.flat[i]!.toLowerCase())) flat.push(this.flat[i]!, this.flat[i + 1]!)
    }
    return new Fields(flat.concat(other.flat), joined(this.secret, other.secret))
  }

  /** These fields with what is given after them: a name given replaces ours, and one given as `null` removes ours. */
  with(input: FieldsInput | undefined): Fields {
    return input === undefined ? this : without(this, removedBy(input)).merge(Fields.from(input))
  }

  /** The section as it goes on the wire: `name: value CRLF` for each field. Only for a section without `violation`. */
  get wire(): string {
    return this.inspection.wire
  }

  /** Why this section may not be sent, or `undefined` when it may. */
  get violation(): string | undefined {
    return this.inspection.violation
  }

  /** The fields that every exchange asks about: known from that one pass. */
  get hasHost(): boolean {
    return this.inspection.hasHost
  }

  get hasFraming(): boolean {
    return this.inspection.hasFraming
  }

  get hasConnection(): boolean {
    return this.inspection.hasConnection
  }

  get hasUpgrade(): boolean {
    return this.inspection.hasUpgrade
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.flat.length; i += 2) yield [this.flat[i]!, this.flat[i + 1]!]
  }

  /** Pairs, with the values of sensitive names hidden. */
  toJSON(): ReadonlyArray<readonly [string, string]> {
    return Array.from(this, ([name, value]) => [name, this.isSecret(name) ? redacted : redactField(name, value)])
  }

  toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }

  private get inspection(): Inspection {
    return (this.inspected ??= inspect(this.flat))
  }
}

const without = (fields: Fields, names: ReadonlySet<string>): Fields => {
  let kept = fields
  for (const name of names) kept = kept.remove(name)
  return kept
}

const inspect = (flat: ReadonlyArray<string>): Inspection => {
  const names = new Set<string>()
  let wire = ""
  let violation: string | undefined
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    violation ??= fieldViolation(name, value)
    names.add(name.toLowerCase())
    if (violation === undefined) wire += `${name}: ${value}\r\n`
  }
  return {
    wire,
    violation,
    names,
    hasHost: names.has("host"),
    hasFraming: names.has("content-length") || names.has("transfer-encoding"),
    hasConnection: names.has("connection"),
    hasUpgrade: names.has("upgrade")
  }
}

/** The values of a lower-case name in a flat section, joined with `, `, or `undefined`. */
export const fieldOf = (flat: ReadonlyArray<string>, lowerCaseName: string): string | undefined => {
  let found: string | undefined
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    if (name.length !== lowerCaseName.length || name.toLowerCase() !== lowerCaseName) continue
    found = found === undefined ? flat[i + 1]! : `${found}, ${flat[i + 1]!}`
  }
  return found
}

const none: ReadonlyArray<string> = []

/** The values of a lower-case name in a flat section, one a field. */
export const fieldsOf = (flat: ReadonlyArray<string>, lowerCaseName: string): ReadonlyArray<string> => {
  let found: Array<string> | undefined
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    if (name.length !== lowerCaseName.length || name.toLowerCase() !== lowerCaseName) continue
    if (found === undefined) found = [flat[i + 1]!]
    else found.push(flat[i + 1]!)
  }
  return found ?? none
}
