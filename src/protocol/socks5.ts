/**
 * The client's side of SOCKS5 (RFC 1928), with user and password (RFC 1929): bytes in, bytes out, no I/O. Any split of
 * what the proxy says gives the same.
 *
 * @since 0.1.0
 */

/** What the proxy is to connect to: a name that it resolves, or an address of 4 or 16 bytes. */
export type Socks5Host =
  { readonly _tag: "Domain"; readonly name: string } | { readonly _tag: "Address"; readonly bytes: Uint8Array }

export interface Socks5Request {
  readonly host: Socks5Host
  readonly port: number
  readonly login: { readonly username: string; readonly password: string } | undefined
}

/** Why there is no way through the proxy: one clause, without a secret. */
export interface Socks5Problem {
  readonly _tag: "Failed"
  readonly message: string
  /** The proxy's reply (RFC 1928 §6), where it was that. */
  readonly reply: number | undefined
}

/** What is to be done after bytes of the proxy. */
export type Socks5Step =
  /** To be sent; it can be empty. More is to come. */
  | { readonly _tag: "More"; readonly send: Uint8Array }
  /** The way is open. The bytes from `used` on are of what it leads to. Something is to be sent only to a hasty proxy. */
  | { readonly _tag: "Open"; readonly send: Uint8Array; readonly used: number }
  | Socks5Problem

const version = 5
const noAuthentication = 0
const userAndPassword = 2
const none = 0xff

const replies: ReadonlyArray<string> = [
  "",
  "a general failure of the proxy",
  "its rules do not allow it",
  "the network is unreachable",
  "the host is unreachable",
  "the connection was refused",
  "the time to live expired",
  "it does not know this command",
  "it does not know this type of address"
]

const failed = (message: string, reply?: number): Socks5Problem => ({ _tag: "Failed", message, reply })

/** The beginning of a handshake, or why it cannot begin. */
export const socks5 = (request: Socks5Request): Socks5Handshake | Socks5Problem => {
  const login = request.login === undefined ? undefined : loginMessage(request.login)
  if (login !== undefined && "_tag" in login) return login
  const connect = connectMessage(request)
  return "_tag" in connect ? connect : new Socks5Handshake(login, connect)
}

/** RFC 1929 §2: one byte for each length, and none may be 0. */
const loginMessage = (login: NonNullable<Socks5Request["login"]>): Uint8Array | Socks5Problem => {
  const encoder = new TextEncoder()
  const username = encoder.encode(login.username)
  const password = encoder.encode(login.password)
  if (!fits(username)) return failed("the user for a SOCKS5 proxy has to have 1 to 255 bytes in UTF-8")
  if (!fits(password)) return failed("the password for a SOCKS5 proxy has to have 1 to 255 bytes in UTF-8")
  return Uint8Array.of(1, username.length, ...username, password.length, ...password)
}

const fits = ({ length }: Uint8Array): boolean => length > 0 && length < 256

/** RFC 1928 §4, §5. */
const connectMessage = ({ host, port }: Socks5Request): Uint8Array | Socks5Problem => {
  const end = [port >> 8, port & 0xff]
  if (host._tag === "Address") {
    return Uint8Array.of(version, 1, 0, host.bytes.length === 4 ? 1 : 4, ...host.bytes, ...end)
  }
  const name = new TextEncoder().encode(host.name)
  if (!fits(name)) return failed("a host for a SOCKS5 proxy has to have 1 to 255 bytes")
  return Uint8Array.of(version, 1, 0, 3, name.length, ...name, ...end)
}

/** One handshake. */
export class Socks5Handshake {
  /** What is sent first. */
  readonly greeting: Uint8Array
  private stage: "method" | "login" | "reply" = "method"
  /** What is not understood yet, less than the longest reply: 262 bytes. */
  private held = new Uint8Array(0)

  constructor(
    private readonly login: Uint8Array | undefined,
    private readonly connect: Uint8Array
  ) {
    this.greeting =
      login === undefined
        ? Uint8Array.of(version, 1, noAuthentication)
        : Uint8Array.of(version, 2, noAuthentication, userAndPassword)
  }

  /** Takes bytes of the proxy. After a step that is not `More` there is none. */
  push(bytes: Uint8Array): Socks5Step {
    const before = this.held.length
    const all = Uint8Array.of(...this.held, ...bytes.subarray(0, longest))
    const send: Array<number> = []
    let at = 0
    while (this.stage !== "reply") {
      if (all.length < at + 2) return this.more(all.subarray(at), send)
      const next = this.stage === "method" ? this.onMethod(all[at]!, all[at + 1]!) : this.onLogin(all[at + 1]!)
      if ("_tag" in next) return next
      send.push(...next)
      at += 2
    }
    const length = replyLength(all.subarray(at))
    if (typeof length !== "number") return length
    if (all.length < at + length) return this.more(all.subarray(at), send)
    return { _tag: "Open", send: Uint8Array.from(send), used: at + length - before }
  }

  private more(rest: Uint8Array, send: ReadonlyArray<number>): Socks5Step {
    this.held = Uint8Array.from(rest)
    return { _tag: "More", send: Uint8Array.from(send) }
  }

  /** RFC 1928 §3. */
  private onMethod(spoken: number, method: number): Uint8Array | Socks5Problem {
    if (spoken !== version) return failed(notSocks5)
    if (method === none) {
      return failed(
        this.login === undefined ? "it wants to know who we are" : "it wants another way to know who we are"
      )
    }
    if (method === noAuthentication) {
      this.stage = "reply"
      return this.connect
    }
    if (method !== userAndPassword || this.login === undefined) return failed("it chose a method that was not offered")
    this.stage = "login"
    return this.login
  }

  /** RFC 1929 §2: all but 0 is a refusal. */
  private onLogin(status: number): Uint8Array | Socks5Problem {
    if (status !== 0) return failed("it does not accept the user or the password")
    this.stage = "reply"
    return this.connect
  }
}

const notSocks5 = "it does not speak SOCKS5"
/** A method, a status and the longest reply: what can be of use in what one push brings. */
const longest = 2 + 2 + 4 + 1 + 255 + 2

/** How long the reply is that begins so, at least; or why it is none (RFC 1928 §6). */
const replyLength = (reply: Uint8Array): number | Socks5Problem => {
  const [spoken = version, code = 0, , type, nameLength = 0] = reply
  if (spoken !== version) return failed(notSocks5)
  // A refusal is one before the rest of it has come: what follows says nothing.
  if (code !== 0) return failed(replies[code] ?? `the reply ${code}, which means nothing`, code)
  switch (type) {
    case undefined:
      return 5
    case 1:
      return 4 + 4 + 2
    case 3:
      return 4 + 1 + nameLength + 2
    case 4:
      return 4 + 16 + 2
    default:
      return failed(notSocks5)
  }
}
