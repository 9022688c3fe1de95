/** IP addresses as text: which are some, in which network they are, and which are for the whole internet. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as net from "node:net"
import { type AddressKind, cidrOf, contains, kindOf, parseAddress, parseCidr } from "../src/protocol/address.js"

const bytesOf = (text: string) => {
  const bytes = parseAddress(text)
  return bytes === undefined ? undefined : [...bytes]
}

const ipv4Of = (bytes: Iterable<number>): string => [...bytes].join(".")

/** All eight groups, in hexadecimal. */
const ipv6Of = (bytes: ReadonlyArray<number>): string =>
  Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16)).join(":")

const octet = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat(255))
const ipv4Bytes = fc.array(octet, { minLength: 4, maxLength: 4 })
const ipv6Bytes = fc.array(octet, { minLength: 16, maxLength: 16 })

/** Text that is nearly, and often is, an address. */
const nearly = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(":", "::", ".", "0", "1", "ffff", "255", "256", "00", "12345", "g") },
      { weight: 2, arbitrary: fc.constantFrom("1:2:3", "1.2.3.4", "a:b:c:d:e:f", "%eth0", "%", "/") },
      { weight: 1, arbitrary: fc.ipV6() },
      { weight: 1, arbitrary: fc.ipV4() }
    ),
    { maxLength: 6 }
  )
  .map((parts) => parts.join(""))

describe("an address", () => {
  it.each([
    ["127.0.0.1", [127, 0, 0, 1]],
    ["255.255.255.255", [255, 255, 255, 255]],
    ["::", Array.from({ length: 16 }, () => 0)],
    ["2001:DB8::ff00:42:8329", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29]],
    ["1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]],
    ["::ffff:192.0.2.9", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9]],
    ["1:2:3:4:5:6:7.8.9.10", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7, 8, 9, 10]]
  ])("%s has its bytes", (text, bytes) => {
    expect(bytesOf(text)).toEqual(bytes)
  })

  it("may be in brackets and have a zone, if it is IPv6", () => {
    const linkLocal = bytesOf("fe80::1")
    expect(bytesOf("[fe80::1]")).toEqual(linkLocal)
    expect(bytesOf("fe80::1%eth0")).toEqual(linkLocal)
    expect(bytesOf("[fe80::1%25br-lan_0.1]")).toEqual(linkLocal)
    expect(["[192.0.2.1]", "192.0.2.1%eth0", "fe80::1%", "fe80::1%a b", "[fe80::1", "fe80::1]"].map(bytesOf)).toEqual(
      Array.from({ length: 6 }, () => undefined)
    )
  })

  it("has one form only for IPv4: what is read differently elsewhere is none", () => {
    const forms = [
      "127.1",
      "127.0.1",
      "2130706433",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "127.0.0.01",
      "127.0.0.1.",
      "1.2.3.256"
    ]
    expect(forms.filter((text) => parseAddress(text) !== undefined)).toEqual([])
    expect(["", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4.5", "a.b.c.d", "١.2.3.4"].map(bytesOf)).toEqual(
      Array.from({ length: 7 }, () => undefined)
    )
  })

  it.each(["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4::5:6:7:8", ":::", ":", "1:", ":1", "12345::"])(
    "%s is none",
    (text) => {
      expect(parseAddress(text)).toBeUndefined()
    }
  )

  it.each([
    "::g",
    "::1.2.3",
    "::1.2.3.04",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "[]:",
    "[[::1]]",
    ":::1.2.3.4",
    "::+1",
    "::0x1"
  ])("%s is none either", (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it("is what Node takes for one", () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.domain()), (text) => {
        const bytes = parseAddress(text)
        expect(bytes === undefined ? 0 : bytes.length === 4 ? 4 : 6).toBe(net.isIP(text))
      }),
      { numRuns: 5_000 }
    )
  })

  it("has the bytes that were written, however short the text", () => {
    fc.assert(
      fc.property(ipv6Bytes, ipv4Bytes, (ipv6, ipv4) => {
        const short = new URL(`http://[${ipv6Of(ipv6)}]`).hostname
        expect(bytesOf(short)).toEqual(ipv6)
        expect(bytesOf(ipv6Of(ipv6).toUpperCase())).toEqual(ipv6)
        expect(bytesOf(ipv4Of(ipv4))).toEqual(ipv4)
      })
    )
  })
})

const isIn = (network: string, address: string): boolean => {
  const cidr = parseCidr(network)
  const bytes = parseAddress(address)
  if (cidr === undefined || bytes === undefined) throw new Error(`${network} ${address}`)
  return contains(cidr, bytes)
}

describe("a network", () => {
  it("has the addresses that begin as it does", () => {
    expect(isIn("10.0.0.0/8", "10.255.0.1")).toBe(true)
    expect(isIn("10.0.0.0/8", "11.0.0.0")).toBe(false)
    expect(isIn("10.1.2.3/8", "10.9.9.9")).toBe(true)
    expect(isIn("192.0.2.128/25", "192.0.2.127")).toBe(false)
    expect(isIn("0.0.0.0/0", "203.0.113.9")).toBe(true)
    expect(isIn("192.0.2.1/32", "192.0.2.1")).toBe(true)
    expect(isIn("2001:db8::/33", "2001:db8:7fff::1")).toBe(true)
    expect(isIn("2001:db8::/33", "2001:db8:8000::1")).toBe(false)
    expect(isIn("[2001:db8::]/32", "[2001:db8::1]")).toBe(true)
  })

  it("is of one family, but that an IPv4-mapped address is an IPv4 address", () => {
    expect(isIn("::/0", "192.0.2.1")).toBe(false)
    expect(isIn("0.0.0.0/0", "2001:db8::1")).toBe(false)
    expect(isIn("10.0.0.0/8", "::ffff:10.0.0.1")).toBe(true)
    expect(isIn("10.0.0.0/8", "::ffff:b00:1")).toBe(false)
    expect(isIn("10.0.0.0/8", "::10.0.0.1")).toBe(false)
    expect(isIn("::ffff:10.0.0.0/104", "10.0.0.1")).toBe(true)
    expect(isIn("::ffff:0:0/95", "::ffff:10.0.0.1")).toBe(true)
    expect(isIn("::/0", "::ffff:10.0.0.1")).toBe(true)
  })

  it.each(["10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8.0", "10.0.0/8", "/8"])(
    "is not %s",
    (text) => {
      expect(parseCidr(text)).toBeUndefined()
    }
  )

  it.each(["::/129", "::/", "::/1000", "::1/64/64", "host.test/8", "", "/", "10.0.0.0/255.0.0.0", "::/ 1"])(
    "is not %s either",
    (text) => {
      expect(parseCidr(text)).toBeUndefined()
    }
  )

  it("of one address has that address alone", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Bytes, ipv6Bytes), fc.nat(127), (bytes, flipped) => {
        const address = Uint8Array.from(bytes)
        const other = Uint8Array.from(bytes)
        const bit = flipped % (bytes.length * 8)
        other[bit >> 3]! ^= 1 << (bit & 7)
        expect(contains(cidrOf(address), address)).toBe(true)
        expect(contains(cidrOf(address), other)).toBe(false)
      })
    )
  })

  // Addresses that differ from the network in one bit, so that half of them are in it.
  const neighbours = (address: fc.Arbitrary<Array<number>>) =>
    fc.tuple(address, fc.nat(127), fc.nat(128)).map(([bytes, flipped, length]) => {
      const size = bytes.length * 8
      const other = [...bytes]
      const bit = flipped % size
      other[bit >> 3]! ^= 0x80 >> (bit & 7)
      return { bytes, other, length: 1 + (length % size) }
    })

  it("has the IPv4 addresses that Node finds in it", () => {
    fc.assert(
      fc.property(neighbours(ipv4Bytes), ({ bytes, length, other }) => {
        const list = new net.BlockList()
        list.addSubnet(ipv4Of(bytes), length, "ipv4")
        const network = `${ipv4Of(bytes)}/${length}`
        expect(isIn(network, ipv4Of(other))).toBe(list.check(ipv4Of(other), "ipv4"))
        const mapped = `::ffff:${ipv4Of(other)}`
        expect(isIn(network, mapped)).toBe(list.check(mapped, "ipv6"))
      }),
      { numRuns: 1_000 }
    )
  })

  it("has the IPv6 addresses that Node finds in it", () => {
    fc.assert(
      fc.property(neighbours(ipv6Bytes), ({ bytes, length, other }) => {
        const list = new net.BlockList()
        list.addSubnet(ipv6Of(bytes), length, "ipv6")
        expect(isIn(`${ipv6Of(bytes)}/${length}`, ipv6Of(other))).toBe(list.check(ipv6Of(other), "ipv6"))
      }),
      { numRuns: 1_000 }
    )
  })
})

// The first and the last address of each range, and what is next to it.
const cases: ReadonlyArray<readonly [kind: AddressKind, addresses: ReadonlyArray<string>]> = [
  ["unspecified", ["0.0.0.0", "::", "::ffff:0.0.0.0"]],
  ["loopback", ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1", "[::1]", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]],
  ["loopback", ["2002:7f00:1::", "::FFFF:7F00:0001", "0:0:0:0:0:ffff:127.1.2.3"]],
  ["private", ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"]],
  ["private", ["100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1", "fec0::", "feff::1", "64:ff9b:1::1"]],
  ["private", ["::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:c0a8:101::1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"]],
  ["link-local", ["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::", "fe80::1%eth0", "febf:ffff::"]],
  ["link-local", ["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::"]],
  ["multicast", ["224.0.0.0", "239.255.255.255", "ff00::", "ff02::1", "::ffff:224.0.0.1"]],
  ["reserved", ["0.0.0.1", "0.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1"]],
  ["reserved", ["198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255"]],
  ["reserved", ["240.0.0.0", "255.255.255.254", "255.255.255.255", "::ffff:255.255.255.255", "::ffff:192.0.2.1"]],
  ["reserved", ["100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::1", "2001::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]],
  ["reserved", ["2001:1ff:ffff::", "2001:20::1", "2001:db8::", "2001:db8:ffff::1", "3fff::", "3fff:fff:ffff::"]],
  // Neither assigned nor announced: among them the IPv4-compatible and the translated addresses of old.
  [
    "reserved",
    ["::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b:2::1", "100:0:0:2::", "200::1", "4000::1", "5f00::1", "fe00::"]
  ],
  ["public", ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"]],
  ["public", ["128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0"]],
  ["public", ["192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"]],
  ["public", ["198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "1.0.0.0"]],
  [
    "public",
    ["2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2606:4700:4700::1111", "3ffe::1", "3fff:1000::"]
  ],
  ["public", ["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]]
]

describe("what an address is for", () => {
  it.each(cases)("is %s: %j", (kind, addresses) => {
    expect(addresses.map((address) => [address, kindOf(address)])).toEqual(addresses.map((address) => [address, kind]))
  })

  it.each([
    "",
    "localhost",
    "127.1",
    "8.8.8.08",
    "010.8.8.8",
    "0x8.8.8.8",
    "134744072",
    "8.8.8.8 ",
    "8.8.8.8/32",
    "::g"
  ])("is not public, if it is none: %j", (text) => {
    expect(kindOf(text)).toBe("reserved")
  })

  it("is the same for an IPv4 address and for the IPv6 addresses that carry it", () => {
    fc.assert(
      fc.property(ipv4Bytes, fc.array(octet, { minLength: 10, maxLength: 10 }), (ipv4, rest) => {
        const kind = kindOf(ipv4Of(ipv4))
        expect(kindOf(`::ffff:${ipv4Of(ipv4)}`)).toBe(kind)
        expect(kindOf(`64:ff9b::${ipv4Of(ipv4)}`)).toBe(kind)
        expect(kindOf(ipv6Of([0x20, 0x02, ...ipv4, ...rest]))).toBe(kind)
      })
    )
  })

  const special = new net.BlockList()
  for (const [network, length] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3]
  ] as const) {
    special.addSubnet(network, length, "ipv4")
  }

  it("is public for all IPv4 addresses that no registry has", () => {
    const first = fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 223, 224, 255)
    const second = fc.constantFrom(0, 16, 18, 31, 51, 64, 88, 127, 168, 254)
    const third = fc.constantFrom(0, 1, 2, 3, 99, 100, 113)
    const near = fc.tuple(fc.oneof(first, octet), fc.oneof(second, octet), fc.oneof(third, octet), octet)
    fc.assert(
      fc.property(near, (bytes) => {
        expect(kindOf(ipv4Of(bytes)) === "public").toBe(!special.check(ipv4Of(bytes), "ipv4"))
      }),
      { numRuns: 5_000 }
    )
  })
})
