/** Which proxy is for which request: mounts, and what the environment says. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { Endpoint } from "../src/protocol/noProxy.js"
import {
  combineMounts,
  compileMounts,
  environmentMounts,
  isMountProblem,
  type MountProblem,
  type Mounts,
  type ProxyEnvironment,
  selectMount
} from "../src/protocol/proxyMounts.js"
import { isTargetProblem, parseTarget } from "../src/protocol/target.js"

const endpointOf = (url: string): Endpoint => {
  const target = parseTarget(url)
  if (isTargetProblem(target)) throw new Error(`${url}: ${target.message}`)
  return target
}

const compiled = <A>(mounts: Mounts<A> | MountProblem): Mounts<A> => {
  if (isMountProblem(mounts)) throw new Error(mounts.message)
  return mounts
}

const select = <A>(mounts: Readonly<Record<string, A>>, url: string): A | undefined =>
  selectMount(compiled(compileMounts(mounts)), endpointOf(url))

const fits = (pattern: string, url: string): boolean => select({ [pattern]: "yes" }, url) === "yes"

describe("a mount", () => {
  it.each([
    ["all://", "http://example.com/"],
    ["all://", "https://[::1]:8443/"],
    ["all://*", "https://example.com/"],
    ["ALL://", "http://example.com/"],
    ["http://", "http://example.com:8080/"],
    ["https://*", "https://example.com/"],
    ["http://example.com", "http://example.com/"],
    ["http://example.com/", "http://example.com:8080/"],
    ["HTTP://Example.COM", "http://example.com/"],
    ["http://example.com.", "http://example.com/"],
    ["http://example.com", "http://example.com./"],
    ["all://example.com:8443", "https://example.com:8443/"],
    ["https://example.com:443", "https://example.com/"],
    ["all://*:8443", "https://example.com:8443/"],
    ["all://:8443", "https://example.com:8443/"],
    ["all://*example.com", "http://example.com/"],
    ["all://*example.com", "http://a.b.example.com/"],
    ["all://*.example.com", "http://www.example.com/"],
    ["https://*.example.com:8443", "https://www.example.com:8443/"],
    ["all://192.0.2.1", "http://192.0.2.1/"],
    ["all://127.1", "http://127.0.0.1/"],
    ["all://[::1]", "http://[::1]/"],
    ["all://[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443/"],
    ["all://bücher.test", "http://xn--bcher-kva.test/"]
  ])("%s is for %s", (pattern, url) => {
    expect(fits(pattern, url)).toBe(true)
  })

  it.each([
    ["http://", "https://example.com/"],
    ["http://example.com", "https://example.com/"],
    ["http://example.com", "http://www.example.com/"],
    ["http://example.com", "http://example.org/"],
    ["all://example.com:8443", "https://example.com/"],
    ["all://example.com:8443", "https://www.example.com:8443/"],
    ["all://*:8443", "https://example.com/"],
    ["all://*example.com", "http://notexample.com/"],
    ["all://*example.com", "http://example.com.test/"],
    ["all://*.example.com", "http://example.com/"],
    ["all://*.example.com", "http://notexample.com/"],
    ["all://[::1]", "http://[::2]/"]
  ])("%s is not for %s", (pattern, url) => {
    expect(fits(pattern, url)).toBe(false)
  })

  it.each([
    "",
    "http",
    "all",
    "example.com",
    "http:example.com",
    "://example.com",
    "ftp://example.com",
    "http+unix://",
    "http://example.com/path",
    "http://example.com?x",
    "http://exam*ple.com",
    "http://**",
    "http://*.",
    "http://*.:80",
    "http://.",
    "http://*..",
    "http://example.com:",
    "http://example.com:0",
    "http://example.com:65536",
    "http://example.com:http",
    "http://::1",
    "http://[::1",
    "http://[::g]",
    "http://1.2.3.4.5",
    "http://a b",
    "http://a\tb",
    "http://a<b"
  ])("cannot have the pattern %j", (pattern) => {
    const problem = compileMounts({ "all://": 1, [pattern]: 2 })
    expect(problem).toMatchObject({ _tag: "InvalidMount" })
    if (isMountProblem(problem))
      expect(problem.message).toContain(JSON.stringify(pattern).slice(1, -1).split(/[?\\]/)[0])
  })

  it("says what a pattern lacks", () => {
    expect(compileMounts({ http: 1 })).toEqual({
      _tag: "InvalidMount",
      message: 'the mount "http" has no scheme: write all://, http:// or https://'
    })
  })

  it.each(["http://jo:s3cret@example.com", "jo:s3cret@example.com", "http://jo:s3/cret@example.com"])(
    "cannot have a user, and does not show one: %s",
    (pattern) => {
      const problem = compileMounts({ [pattern]: 1 })
      expect(problem).toMatchObject({ _tag: "InvalidMount" })
      expect(JSON.stringify(problem)).not.toMatch(/s3|cret/)
    }
  )
})

describe("of the mounts that fit", () => {
  const mounts = {
    "all://": "all",
    "http://": "http",
    "all://*example.com": "all, both",
    "all://*.example.com": "all, below",
    "all://example.com": "all, host",
    "http://example.com": "http, host",
    "all://*api.example.com": "all, longer",
    "all://*:8080": "all, port",
    "http://*:8080": "http, port",
    "all://example.com:8080": "all, host and port",
    "http://example.com:8080": "http, host and port"
  }
  const expected = {
    "https://other.test/": "all",
    "http://other.test/": "http",
    "https://example.com/": "all, host",
    "http://example.com/": "http, host",
    "https://www.example.com/": "all, below",
    "http://www.example.com/": "all, below",
    "https://api.example.com/": "all, longer",
    "https://v1.api.example.com/": "all, longer",
    "https://other.test:8080/": "all, port",
    "http://www.example.com:8080/": "http, port",
    "https://example.com:8080/": "all, host and port",
    "http://example.com:8080/": "http, host and port"
  }

  it("the most specific one counts: port, then host, then scheme; wherever it was declared", () => {
    const entries = Object.entries(mounts)
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        const sorted = compiled(compileMounts(Object.fromEntries(shuffled)))
        for (const [url, value] of Object.entries(expected)) expect(selectMount(sorted, endpointOf(url))).toBe(value)
      })
    )
  })

  it("the host itself and what is below it come before both together", () => {
    const hosts = { "all://*example.com": "both", "all://*.example.com": "below", "all://example.com": "host" }
    expect(select(hosts, "http://example.com/")).toBe("host")
    expect(select(hosts, "http://www.example.com/")).toBe("below")
    expect(select({ "all://*example.com": "both", "all://": "all" }, "http://example.com/")).toBe("both")
  })

  it("the order of declaration makes no difference", () => {
    const host = fc.constantFrom("", "*", "a.test", "*a.test", "*.a.test", "b.a.test", "*.b.a.test", "[::1]")
    const pattern = fc
      .tuple(fc.constantFrom("all://", "http://", "https://"), host, fc.constantFrom("", ":80", ":443"))
      .map((parts) => parts.join(""))
    const url = fc
      .tuple(
        fc.constantFrom("http://", "https://"),
        fc.constantFrom("a.test", "b.a.test", "c.b.a.test", "ba.test", "[::1]"),
        fc.constantFrom("", ":80", ":443")
      )
      .map((parts) => parts.join(""))
    // `http://` and `http://*` mean the same, so one of them is enough.
    const selector = (pattern: string) => pattern.replace(/\/\*(?=$|:)/, "/")
    fc.assert(
      fc.property(
        fc
          .uniqueArray(pattern, { selector })
          .chain((patterns) =>
            fc.tuple(fc.constant(patterns), fc.shuffledSubarray(patterns, { minLength: patterns.length }))
          ),
        url,
        ([patterns, shuffled], url) => {
          const chosen = select(Object.fromEntries(patterns.map((pattern) => [pattern, pattern])), url)
          expect(select(Object.fromEntries(shuffled.map((pattern) => [pattern, pattern])), url)).toBe(chosen)
          const fitting = patterns.filter((pattern) => fits(pattern, url))
          if (chosen === undefined) expect(fitting).toEqual([])
          else expect(fitting).toContain(chosen)
          // One with a port is never passed over for one without.
          if (fitting.some((pattern) => /:\d+$/.test(pattern))) expect(chosen).toMatch(/:\d+$/)
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it("null is a value: no proxy; none that fits is undefined", () => {
    const mounts: Record<string, string | null> = { "all://": "proxy", "all://*internal.test": null }
    expect(select(mounts, "http://a.internal.test/")).toBeNull()
    expect(select(mounts, "http://example.com/")).toBe("proxy")
    expect(select({ "http://": "proxy" }, "https://example.com/")).toBeUndefined()
    expect(select({}, "https://example.com/")).toBeUndefined()
  })

  it("the first of two that mean the same counts", () => {
    expect(select({ "http://A.test": 1, "http://a.test": 2 }, "http://a.test/")).toBe(1)
    expect(select({ "http://*": 1, "http://": 2 }, "http://a.test/")).toBe(1)
  })
})

const proxyFor = (environment: ProxyEnvironment, url: string) =>
  selectMount(environmentMounts(environment), endpointOf(url))

const chosen = (environment: ProxyEnvironment, url: string): string | undefined => {
  const proxy = proxyFor(environment, url)
  return proxy === undefined || "_tag" in proxy ? undefined : proxy.url
}

describe("an environment's proxy", () => {
  it.each<readonly [ProxyEnvironment, string, string | undefined]>([
    [{}, "http://example.com/", undefined],
    [{ httpProxy: "http://p.test" }, "http://example.com/", "http://p.test:80"],
    [{ httpProxy: "http://p.test" }, "https://example.com/", undefined],
    [{ httpsProxy: "https://p.test" }, "https://example.com/", "https://p.test:443"],
    [{ httpsProxy: "https://p.test" }, "http://example.com/", undefined],
    [{ allProxy: "socks5h://p.test" }, "http://example.com/", "socks5h://p.test:1080"],
    [{ allProxy: "socks5h://p.test" }, "https://example.com/", "socks5h://p.test:1080"],
    [{ allProxy: "a.test", httpProxy: "b.test:8080" }, "http://example.com/", "http://b.test:8080"],
    [{ allProxy: "a.test", httpProxy: "b.test:8080" }, "https://example.com/", "http://a.test:80"],
    [{ httpProxy: " p.test:8080 \n" }, "http://example.com/", "http://p.test:8080"],
    [{ httpProxy: "", allProxy: "  ", noProxy: "" }, "http://example.com/", undefined],
    [{ httpProxy: undefined, allProxy: "a.test", noProxy: undefined }, "http://example.com/", "http://a.test:80"],
    [{ allProxy: "a.test", noProxy: "example.com" }, "http://www.example.com/", undefined],
    [{ allProxy: "a.test", noProxy: "example.com" }, "http://other.test/", "http://a.test:80"],
    [{ allProxy: "a.test", httpProxy: "b.test", noProxy: "example.com" }, "http://example.com/", undefined],
    [{ allProxy: "a.test", noProxy: "*" }, "http://other.test/", undefined],
    [{ noProxy: "*" }, "http://other.test/", undefined],
    [{ allProxy: "a.test", noProxy: "10.0.0.0/8,https://b.test" }, "http://10.1.2.3/", undefined],
    [{ allProxy: "a.test", noProxy: "10.0.0.0/8,https://b.test" }, "http://b.test/", "http://a.test:80"]
  ])("%j has for %s %s", (environment, url, proxy) => {
    expect(chosen(environment, url)).toBe(proxy)
  })

  it.each([
    ["HTTP_PROXY", { httpProxy: "ftp://jo:s3cret@p.test" }],
    ["HTTPS_PROXY", { httpProxy: "http://p.test", httpsProxy: "https://jo:s3cret@" }],
    ["ALL_PROXY", { httpProxy: "http://p.test", allProxy: "socks4://jo:s3cret@p.test" }]
  ])("of %s is named when it is none, without its password, by those that it is for", (name, environment) => {
    const problem = proxyFor(environment, name === "HTTP_PROXY" ? "http://a.test/" : "https://a.test/")
    expect(problem).toMatchObject({ message: expect.stringMatching(`^${name}: `) })
    expect(JSON.stringify(problem)).not.toContain("s3cret")
    if (name !== "HTTP_PROXY") expect(proxyFor(environment, "http://a.test/")).toMatchObject({ hostname: "p.test" })
  })

  const given = (mounts: Readonly<Record<string, string | null>>, environment: ProxyEnvironment, url: string) => {
    const combined = combineMounts(compiled(compileMounts(mounts)), environmentMounts(environment))
    const value = selectMount(combined, endpointOf(url))
    return typeof value === "object" && value !== null && "url" in value ? value.url : value
  }

  it("gives way to a mount that was given for the same, but not to one that is less specific", () => {
    const environment = { httpProxy: "env.test", allProxy: "all-env.test" }
    expect(given({ "http://": "mine" }, environment, "http://example.com/")).toBe("mine")
    expect(given({ "http://*": null }, environment, "http://example.com/")).toBeNull()
    expect(given({ "all://": "mine" }, environment, "https://example.com/")).toBe("mine")
    expect(given({ "all://": "mine" }, environment, "http://example.com/")).toBe("http://env.test:80")
    expect(given({ "all://example.com": "mine" }, environment, "http://example.com/")).toBe("mine")
    expect(given({ "https://other.test": "mine" }, environment, "https://example.com/")).toBe("http://all-env.test:80")
  })

  it("is subject to NO_PROXY, and a mount that was given is not", () => {
    const environment = { httpProxy: "env.test", noProxy: "example.com" }
    expect(given({ "all://": "mine" }, environment, "http://example.com/")).toBe("mine")
    expect(given({ "all://example.com": "mine" }, environment, "http://example.com/")).toBe("mine")
    expect(given({ "http://": "mine" }, { ...environment, noProxy: "*" }, "http://example.com/")).toBe("mine")
    expect(given({ "all://other.test": "mine" }, environment, "http://example.com/")).toBeUndefined()
  })
})
