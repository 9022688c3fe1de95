/**
 * IP addresses: from text to bytes, in which network they are, and whether they are for the whole internet.
 *
 * An address has one written form here for IPv4, four decimal parts (RFC 3986 §3.2.2): `127.1`, `0177.0.0.1` and
 * `2130706433` are names to one reader and the loopback to another, and a guard must not depend on who reads. An
 * IPv4-mapped IPv6 address is the IPv4 address inside: that is what a socket connects to.
 *
 * @since 0.1.0
 */

/** What an address is for. All but `public` is out of reach from, or not meant for, the internet. */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "unspecified" | "multicast" | "reserved"

/** The addresses that share their first `bits` bits with `network`. */
export interface Cidr {
  /** 4 or 16 bytes; those after `bits` have no meaning. */
  readonly network: Uint8Array
  readonly bits: number
}

const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const group = /^[0-9a-f]{1,4}$/i
// RFC 4007 §11.2 leaves the form of a zone to the system; RFC 6874 §2 writes its `%` as `%25` in a URL.
const zoneId = /^[\w.~:-]+$/
const prefixLength = /^(?:0|[1-9]\d{0,2})$/

/** The 4 or 16 bytes of an address; IPv6 with or without brackets and zone. `undefined` for what is no address. */
export const parseAddress = (text: string): Uint8Array | undefined => {
  if (!text.includes(":")) return parseIpv4(text)
  const literal = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text
  const percent = literal.indexOf("%")
  if (percent < 0) return parseIpv6(literal)
  return zoneId.test(literal.slice(percent + 1)) ? parseIpv6(literal.slice(0, percent)) : undefined
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = dotted.exec(text)
  if (parts === null) return undefined
  const bytes = new Uint8Array(4)
  for (let i = 0; i < 4; i++) {
    const part = parts[i + 1]!
    // Elsewhere a leading zero means octal.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined
    bytes[i] = Number(part)
  }
  return bytes
}

/** RFC 4291 §2.2. */
const parseIpv6 = (text: string): Uint8Array | undefined => {
  const tail = text.slice(text.lastIndexOf(":") + 1)
  if (tail.includes(".")) {
    const ipv4 = parseIpv4(tail)
    return ipv4 === undefined ? undefined : parseIpv6(text.slice(0, -tail.length) + groupsOf(ipv4))
  }
  const [before = "", after, ...more] = text.split("::")
  if (more.length > 0) return undefined
  const head = splitGroups(before)
  const rest = after === undefined ? [] : splitGroups(after)
  const count = head.length + rest.length
  if (after === undefined ? count !== 8 : count > 7) return undefined
  const bytes = new Uint8Array(16)
  return putGroups(bytes, 0, head) && putGroups(bytes, 16 - 2 * rest.length, rest) ? bytes : undefined
}

const groupsOf = (ipv4: Uint8Array): string => {
  const [a, b, c, d] = Array.from(ipv4, (byte) => byte.toString(16).padStart(2, "0"))
  return `${a}${b}:${c}${d}`
}

const splitGroups = (text: string): ReadonlyArray<string> => (text === "" ? [] : text.split(":"))

const putGroups = (bytes: Uint8Array, start: number, groups: ReadonlyArray<string>): boolean =>
  groups.every((text, i) => {
    const value = Number.parseInt(text, 16)
    bytes[start + 2 * i] = value >> 8
    bytes[start + 2 * i + 1] = value & 0xff
    return group.test(text)
  })

/** `address/length` (RFC 4632 §3.1, RFC 4291 §2.3); bits after the length are ignored. `undefined` for all else. */
export const parseCidr = (text: string): Cidr | undefined => {
  const slash = text.lastIndexOf("/")
  if (slash < 0) return undefined
  const address = parseAddress(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (address === undefined || !prefixLength.test(length) || Number(length) > address.length * 8) return undefined
  return cidr(address, Number(length))
}

/** The network of one address. */
export const cidrOf = (address: Uint8Array): Cidr => cidr(address, address.length * 8)

const cidr = (address: Uint8Array, bits: number): Cidr =>
  isMapped(address) && bits >= 96 ? { network: address.subarray(12), bits: bits - 96 } : { network: address, bits }

/** Whether an address of 4 or 16 bytes is in a network. An IPv4 network has the IPv4-mapped addresses in it too. */
export const contains = (network: Cidr, address: Uint8Array): boolean =>
  sharesPrefix(network, address) || (isMapped(address) && sharesPrefix(network, address.subarray(12)))

const sharesPrefix = ({ bits, network }: Cidr, address: Uint8Array): boolean => {
  if (network.length !== address.length) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (network[i] !== address[i]) return false
  const rest = bits & 7
  return rest === 0 || (network[whole]! ^ address[whole]!) >> (8 - rest) === 0
}

/** `::ffff:0:0/96` (RFC 4291 §2.5.5.2). */
const isMapped = (address: Uint8Array): boolean =>
  address.length === 16 && address[10] === 0xff && address[11] === 0xff && address.subarray(0, 10).every(isZero)

const isZero = (byte: number): boolean => byte === 0

/**
 * What an address is for, by IANA's special-purpose registries (RFC 6890 and its updates). An address that carries an
 * IPv4 address is what that one is. What is no address is `reserved`: never `public`.
 */
export const kindOf = (address: string): AddressKind => {
  const bytes = parseAddress(address)
  if (bytes === undefined) return "reserved"
  const ipv4 = bytes.length === 4 ? bytes : carriedIpv4(bytes)
  // Of IPv4 all that is not listed is public; of IPv6 only 2000::/3 has been given out (RFC 4291 §2.4).
  return ipv4 === undefined ? lookUp(ipv6Kinds, bytes, "reserved") : lookUp(ipv4Kinds, ipv4, "public")
}

type Kinds = ReadonlyArray<readonly [network: Cidr, kind: AddressKind]>

const lookUp = (kinds: Kinds, address: Uint8Array, otherwise: AddressKind): AddressKind => {
  for (const [network, kind] of kinds) if (sharesPrefix(network, address)) return kind
  return otherwise
}

/** What a host or a translator on the way would send to the IPv4 address inside. */
const carriedIpv4 = (ipv6: Uint8Array): Uint8Array | undefined => {
  // RFC 6052 §2.1: the well-known prefix of NAT64, 64:ff9b::/96.
  if (isMapped(ipv6) || sharesPrefix(nat64, ipv6)) return ipv6.subarray(12)
  // RFC 3056 §2: 6to4, 2002::/16.
  return ipv6[0] === 0x20 && ipv6[1] === 0x02 ? ipv6.subarray(2, 6) : undefined
}

const nat64: Cidr = { network: Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), bits: 96 }

const kinds = (rows: ReadonlyArray<readonly [network: string, kind: AddressKind]>): Kinds =>
  // The texts are those below, and are networks.
  rows.map(([text, kind]) => [parseCidr(text)!, kind])

// In both tables the first that fits counts.
const ipv4Kinds = kinds([
  // RFC 1122 §3.2.1.3
  ["0.0.0.0/32", "unspecified"],
  ["0.0.0.0/8", "reserved"],
  ["127.0.0.0/8", "loopback"],
  // RFC 1918 §3
  ["10.0.0.0/8", "private"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  // RFC 6598: between a provider and its customers
  ["100.64.0.0/10", "private"],
  // RFC 3927
  ["169.254.0.0/16", "link-local"],
  // RFC 6890 §2.1. Its two anycast addresses, of PCP and TURN, can be reached, but nothing there speaks HTTP.
  ["192.0.0.0/24", "reserved"],
  // RFC 5737: documentation
  ["192.0.2.0/24", "reserved"],
  ["198.51.100.0/24", "reserved"],
  ["203.0.113.0/24", "reserved"],
  // RFC 7526: was 6to4's relay
  ["192.88.99.0/24", "reserved"],
  // RFC 2544: benchmarks
  ["198.18.0.0/15", "reserved"],
  // RFC 5771
  ["224.0.0.0/4", "multicast"],
  // RFC 1112 §4, and RFC 8190: broadcast
  ["240.0.0.0/4", "reserved"]
])

const ipv6Kinds = kinds([
  // RFC 4291 §2.5
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
  // RFC 4193, and RFC 3879: site-local, its deprecated predecessor
  ["fc00::/7", "private"],
  ["fec0::/10", "private"],
  // RFC 8215: translation to IPv4 within a network, to whatever it has
  ["64:ff9b:1::/48", "private"],
  // RFC 6666 and RFC 9780: where packets are dropped
  ["100::/64", "reserved"],
  ["100:0:0:1::/64", "reserved"],
  // RFC 2928: protocols, among them Teredo (RFC 4380), benchmarks (RFC 5180) and ORCHID (RFC 7343)
  ["2001::/23", "reserved"],
  // RFC 3849 and RFC 9637: documentation
  ["2001:db8::/32", "reserved"],
  ["3fff::/20", "reserved"],
  ["2000::/3", "public"]
])
