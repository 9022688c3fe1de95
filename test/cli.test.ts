import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, onTestFinished, test } from "vitest"
import { parse } from "../src/cli/arguments.js"
import { nginxVersion, spawnNginx } from "./bench/nginx.js"
import { localhost } from "./support/certificates.js"
import { cli, freePort, lines, serve, sorted, start, textOf } from "./support/command.js"

describe("arguments", () => {
  test("none is the tour", () => {
    expect(parse([])).toEqual({ _tag: "Tour" })
  })

  test("URLs get a scheme where they have none", () => {
    const urls = ["localhost:8000/a?b=c", "https://example.com", ":8000/x", "::1"]
    expect(parse(urls)).toMatchObject({
      urls: ["http://localhost:8000/a?b=c", "https://example.com", "http://localhost:8000/x", "http://::1"]
    })
  })

  test.each(["0", "-1", "2.5", "many", "", "1e9"])("a concurrency of %j is refused", (n) => {
    expect(parse([`--concurrency=${n}`, "localhost"])).toMatchObject({ _tag: "Refused" })
  })

  test("concurrency is a number", () => {
    expect(parse(["-c", "8", "localhost"])).toMatchObject({ _tag: "Fetch", concurrency: 8 })
  })

  test.each([
    [[], { output: "live", waterfall: undefined }],
    [["--plain"], { output: "plain" }],
    [["--json"], { output: "json" }],
    [["--json", "--waterfall", "a.html"], { output: "json", waterfall: "a.html" }]
  ])("say how to show it: %j", (options, expected) => {
    expect(parse([...options, "localhost"])).toMatchObject({ _tag: "Fetch", ...expected })
  })

  test.each([
    [["--json", "--plain", "localhost"], "--json and --plain are two ways to print: choose one"],
    [["--waterfall=", "localhost"], "--waterfall wants the name of a file"],
    [["--json"], "--json is for fetching: give at least one URL"],
    [["--waterfall", "localhost"], "--waterfall is for fetching: give at least one URL"]
  ])("that contradict each other are refused: %j", (options, why) => {
    expect(parse(options)).toEqual({ _tag: "Refused", why })
  })
})

describe("npm start", () => {
  test("takes every step of the tour, with what really happened", async () => {
    const { code, stderr, stdout } = await cli()
    expect(stderr).toBe("")
    expect(code).toBe(0)
    const titles = lines(stdout).filter((line) => /^\d+\. /.test(line))
    expect(titles.map((title) => Number.parseInt(title, 10))).toEqual([1, 2, 3, 4, 5, 6, 7])
    const results = lines(stdout)
      .filter((line) => line.startsWith("     →  "))
      .map((line) => line.slice(8).replace(/there, \d+ ms/, "there, 0 ms"))
    // Where one chunk ends and the next begins is the network's affair.
    const chunks = results.flatMap((line) => /^chunk of \d+ bytes: (.*)$/.exec(line)?.[1] ?? [])
    expect(chunks[0]).toMatch(/^"Tyger Tyger, /)
    expect(results.filter((line) => !line.startsWith("chunk of"))).toEqual([
      "200 OK, HTTP/1.1, text/html",
      '86 characters: "<!doctype html><title>Example</title><p>Hello fr…"',
      "200 OK, the body is open",
      "out of the scope: closed is true",
      "took 3 chunks of a body that has no end; closed is true",
      "the server saw 1 request arrive, and 1 of them aborted",
      "read    40 000 bytes of text/plain",
      "stream  40 000 bytes of text/plain",
      expect.stringMatching(/^raw {5}\d+ bytes of gzip$/),
      "unpacked by hand, raw is the same text: true",
      "two: 200, after 60 ms",
      "one: 200, after 20 ms; it was there, 0 ms more to wait",
      "submitted: 90  10  50  30  70",
      "completed: 10  30  50  70  90",
      "first: 200, after 10 ms",
      "the server saw 4 requests arrive, and 4 of them aborted",
      "asked for afterwards, RequestCancelled: the parallel block was left"
    ])
  })

  test("--help says how, and 0", async () => {
    const { code, stderr, stdout } = await cli("--help")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("npm start -- [options] URL…")
  })

  test("arguments that make no sense are told in one line, and 2", async () => {
    const { code, stderr, stdout } = await cli("--concurency", "3", "localhost")
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(lines(stderr)).toEqual(["effect-httpx: Unknown option '--concurency'. Try: npm start -- --help"])
  })
})

describe("npm start -- URL…", () => {
  test("prints the answers in the order of completion", async () => {
    // When all three have arrived, the last is answered, then the one before it, each when the other is over.
    const answers = new Map<string, () => void>()
    const address = await serve((request, response) => {
      const path = Number(request.url?.slice(1))
      response.on("finish", () => setTimeout(() => answers.get(`/${path - 1}`)?.(), 40))
      answers.set(`/${path}`, () => response.writeHead(path === 2 ? 404 : 200).end("x".repeat(1_234)))
      if (answers.size === 3) answers.get("/3")?.()
    })
    const { code, stderr, stdout } = await cli(...["/1", "/2", "/3"].map((path) => address + path))
    expect(code).toBe(0)
    const line = (text: string) => text.replace(/ +\d+ ms/, " T ms").replace(/:\d+\//, ":PORT/")
    expect(lines(stdout).map(line)).toEqual([
      "3  200  HTTP/1.1      1 234 B T ms  http://127.0.0.1:PORT/3",
      "2  404  HTTP/1.1      1 234 B T ms  http://127.0.0.1:PORT/2",
      "1  200  HTTP/1.1      1 234 B T ms  http://127.0.0.1:PORT/1"
    ])
    expect(stderr).toMatch(/^3 answers, 0 failures, \d+ ms\n$/)
  })

  test("a request that fails prints its error, and 1", async () => {
    const address = await serve((_, response) => response.end("fine"))
    const broken = await serve((request) => request.socket.destroy())
    const { code, stderr, stdout } = await cli(address, `127.0.0.1:${await freePort()}`, "http://[bad", broken)
    expect(code).toBe(1)
    expect(sorted(lines(stdout))).toEqual([
      expect.stringMatching(/^1 {2}200 /),
      expect.stringMatching(/^2 {2}ConnectError {2}GET http:.* ECONNREFUSED /),
      expect.stringMatching(/^3 {2}InvalidUrl {2}GET http:/),
      expect.stringMatching(/^4 {2}ReadError {2}GET http:/)
    ])
    expect(stderr).toMatch(/^1 answer, 3 failures, \d+ ms\n$/)
  })

  test("--concurrency is the most at a time", async () => {
    let now = 0
    let most = 0
    const address = await serve((_, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        response.end()
      }, 20)
    })
    const { code, stdout } = await cli("--concurrency", "2", ...Array<string>(7).fill(address))
    expect({ code, most, lines: lines(stdout).length }).toEqual({ code: 0, most: 2, lines: 7 })
  })

  test.skipIf(process.platform === "win32")("^C aborts what is in flight, and 130", async () => {
    let arrived = 0
    let aborted = 0
    let interrupt = () => {}
    const address = await serve((_, response) => {
      response.on("close", () => void (response.writableEnded || aborted++))
      // One has had half of its answer, the other nothing.
      if (++arrived === 1) response.write("half")
      else interrupt()
    })
    const child = start(`${address}/1`, `${address}/2`)
    interrupt = () => child.kill("SIGINT")
    const stdout = textOf(child.stdout)
    const stderr = textOf(child.stderr)
    const [code] = await once(child, "close")
    expect({ code, stdout: stdout(), stderr: stderr() }).toEqual({ code: 130, stdout: "", stderr: "interrupted\n" })
    await expect.poll(() => ({ arrived, aborted })).toEqual({ arrived: 2, aborted: 2 })
  })

  test("a reader that goes away ends it, quietly", async () => {
    let arrived = 0
    const address = await serve((request, response) => {
      arrived++
      setTimeout(() => response.end(request.url), arrived * 20)
    })
    const child = start("-c", "1", ...Array.from({ length: 200 }, (_, i) => `${address}/${i}`))
    const stderr = textOf(child.stderr)
    child.stdout?.once("data", () => child.stdout?.destroy())
    const [code] = await once(child, "close")
    expect({ code, stderr: stderr() }).toEqual({ code: 0, stderr: "" })
    expect(arrived).toBeLessThan(20)
  })
})

describe("npm start -- --json URL…", () => {
  test("prints an object for each request, and nothing else", async () => {
    const address = await serve((request, response) => {
      if (request.url === "/cut")
        response.writeHead(200, { "content-length": 9 }).write("cut", () => request.socket.destroy())
      else response.writeHead(201).end("1234")
    })
    const { code, stderr, stdout } = await cli(
      "-c",
      "1",
      "--json",
      `jo:secret@${address}/?token=secret`,
      address,
      `${address}/cut`
    )
    expect({ code, answers: stderr.replace(/\d+ ms/, "") }).toEqual({ code: 1, answers: "2 answers, 1 failure, \n" })
    const number = expect.any(Number)
    const timings = {
      queued: number,
      dns: null,
      connect: number,
      proxy: null,
      tls: null,
      wait: number,
      download: number
    }
    const answered = { method: "GET", start: number, elapsed: number, status: 201, httpVersion: "HTTP/1.1", bytes: 4 }
    const opened = { ...answered, reused: false, timings }
    const reused = { ...answered, reused: true, timings: { ...timings, connect: null } }
    const url = `http://${address}`
    expect(lines(stdout).map((line) => JSON.parse(line))).toEqual([
      { index: 1, url: `http://<redacted>@${address}/?token=<redacted>`, ...opened },
      { index: 2, url, ...reused },
      {
        ...{ index: 3, url: `${url}/cut`, method: "GET", start: number, elapsed: number },
        error: {
          tag: "ReadError",
          message: expect.stringContaining("3 of 9 bytes"),
          phase: "read",
          delivery: "answered"
        }
      }
    ])
    expect(stdout).not.toContain("secret")
  })
})

describe("npm start -- --waterfall FILE URL…", async () => {
  const folder = await mkdtemp(join(tmpdir(), "effect-httpx-waterfall-"))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test.each([["--plain"], ["--json"]])("writes a page beside what %s prints", async (option) => {
    const address = await serve((_, response) => response.end("fine"))
    const file = join(folder, `${option}.html`)
    await writeFile(file, "what was there before ".repeat(10_000))
    const { code, stdout } = await cli(option, "--waterfall", file, address)
    expect({ code, lines: lines(stdout).length }).toEqual({ code: 0, lines: 1 })
    expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>[^]*Waterfall of 1 request[^]*<\/html>\n$/)
  })

  test("sends nothing when the file cannot be written, and 2", async () => {
    let arrived = 0
    const address = await serve((_, response) => response.end(String(arrived++)))
    const nowhere = join(folder, "no", "such", "folder.html")
    const { code, stderr, stdout } = await cli("--waterfall", nowhere, address)
    expect({ arrived, code, stdout }).toEqual({ arrived: 0, code: 2, stdout: "" })
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^effect-httpx: --waterfall: ENOENT: no such file or directory/)
    ])
    expect(await cli("--waterfall", folder, address)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("EISDIR")
    })
    expect(arrived).toBe(0)
  })

  test.skipIf(process.platform !== "linux")("tells what came between, and 1", async () => {
    const address = await serve((_, response) => response.end("fine"))
    const { code, stderr, stdout } = await cli("--waterfall", "/dev/full", address)
    expect({ code, lines: lines(stdout).length }).toEqual({ code: 1, lines: 1 })
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^1 answer, /),
      expect.stringMatching(/^effect-httpx: --waterfall: ENOSPC: /)
    ])
  })

  test("leaves no file behind when it is interrupted", async () => {
    const file = join(folder, "interrupted.html")
    const address = await serve(() => child.kill("SIGTERM"))
    const child = start("--waterfall", file, address)
    const [code] = await once(child, "close")
    expect(code).toBe(143)
    await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" })
  })
})

describe("against servers of other makers", async () => {
  const folder = await mkdtemp(join(tmpdir(), "effect-httpx-cli-"))
  await writeFile(join(folder, "hello.txt"), "hello\n")
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const python = spawnSync("python3", ["--version"], { encoding: "utf8" }).status === 0
  test.skipIf(!python)(`python3 -m http.server${python ? "" : ": there is no python3"}`, async () => {
    const server = spawn("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"], { cwd: folder })
    onTestFinished(() => void server.kill())
    const [greeting] = await once(server.stdout, "data")
    const address = `127.0.0.1:${/ port (\d+)/.exec(String(greeting))?.[1]}`
    const { code, stdout } = await cli(`${address}/hello.txt`, `${address}/`, `${address}/none`)
    expect(sorted(lines(stdout))).toEqual([
      expect.stringMatching(/^1 {2}200 {2}HTTP\/1\.0 +6 B /),
      expect.stringMatching(/^2 {2}200 {2}HTTP\/1\.0 /),
      expect.stringMatching(/^3 {2}404 {2}HTTP\/1\.0 /)
    ])
    expect(code).toBe(0)
  })

  const nginx = nginxVersion()
  test.skipIf(nginx === undefined)(nginx ?? "nginx: it is not installed", async () => {
    const [port, securePort] = [await freePort(), await freePort()]
    const served = { certificate: localhost, json: '{"from":"nginx"}', port, securePort, sizes: { "/big": 3_000_000 } }
    const server = spawnNginx(folder, served)
    onTestFinished(() => void server.kill())
    const origin = `http://127.0.0.1:${port}`
    await expect.poll(() => fetch(origin).then((response) => response.text())).toContain("nginx")
    const { code, stdout } = await cli(`${origin}/json`, `${origin}/big`, `${origin}/none`)
    expect(sorted(lines(stdout))).toEqual([
      expect.stringMatching(/^1 {2}200 {2}HTTP\/1\.1 +16 B /),
      expect.stringMatching(/^2 {2}200 {2}HTTP\/1\.1 +3 000 000 B /),
      expect.stringMatching(/^3 {2}404 {2}HTTP\/1\.1 /)
    ])
    expect(code).toBe(0)
  })
})
