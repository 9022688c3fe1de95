/** The live view of the command: what it shows as data, and what stands on a real terminal. */
import type { ServerResponse } from "node:http"
import { describe, expect, test } from "vitest"
import { frame, type Size, shownFlights, statusLine } from "../src/cli/frame.js"
import { line } from "../src/cli/lines.js"
import { beginning, type Event, next, type Progress, queued, rates } from "../src/cli/progress.js"
import { widthOf } from "../src/observe/cells.js"
import { lines, onTerminal, serve } from "./support/command.js"
import { noPty } from "./support/pty.js"

const after = (total: number, ...events: ReadonlyArray<Event>): Progress => events.reduce(next, beginning(total))

const began = (index: number, url = `http://localhost/${index}`, at = 0): Event => ({ _tag: "Began", index, url, at })

const all = (count: number): ReadonlyArray<Event> => Array.from({ length: count }, (_, i) => began(i + 1))

const wide: Size = { columns: 100, rows: 24 }

describe("a frame", () => {
  test("has a line for each request in flight: what it does, how far it is, for how long; and a line of counts", () => {
    const progress = after(
      12,
      ...all(6),
      { _tag: "Answered", index: 3, expected: 4_000_000 },
      { _tag: "Received", index: 3, received: 1_000_000 },
      { _tag: "Answered", index: 4, expected: undefined },
      { _tag: "Received", index: 4, received: 900 },
      { _tag: "Ended", index: 5, isFailure: false },
      { _tag: "Ended", index: 6, isFailure: true },
      {
        _tag: "Looked",
        at: 1_000,
        stages: [
          [1, "connecting"],
          [2, "waiting"]
        ]
      }
    )
    expect(frame(progress, wide, 1_500)).toEqual([
      " 1 connecting ···················           1.5 s  http://localhost/1",
      " 2 waiting    ···················           1.5 s  http://localhost/2",
      " 3 receiving  ████▊··············    1 MB   1.5 s  http://localhost/3",
      " 4 receiving  ················███   900 B   1.5 s  http://localhost/4",
      "6 queued · 4 running · 1 done · 1 failed   0 B/s · 0 requests/s   1.5 s"
    ])
  })

  test("moves a block where nobody knows how long the body is, there and back", () => {
    const progress = after(1, began(1), { _tag: "Answered", index: 1, expected: undefined })
    const places = Array.from({ length: 40 }, (_, i) => frame(progress, wide, i * 90)[0]!.indexOf("█"))
    expect(Math.min(...places)).toBe(13)
    expect(Math.max(...places)).toBe(29)
    expect(places.slice(1).every((place, i) => Math.abs(place - places[i]!) === 1)).toBe(true)
  })

  test("has a full bar when more came than was announced", () => {
    const more: Event = { _tag: "Received", index: 1, received: 9 }
    expect(frame(after(1, began(1), { _tag: "Answered", index: 1, expected: 4 }, more), wide, 1)[0]).toContain(
      " █".padEnd(20, "█")
    )
  })

  test("says how many there is no room for", () => {
    expect(frame(after(3_000, ...all(1_000)), { columns: 60, rows: 9 }, 0)).toEqual([
      "   1 queued        0 ms  http://localhost/1",
      "   2 queued        0 ms  http://localhost/2",
      "   3 queued        0 ms  http://localhost/3",
      "   4 queued        0 ms  http://localhost/4",
      "… and 996 more",
      "2 000 queued · 1 000 running · 0 done · 0 failed   0 B/s"
    ])
  })

  test("fits a terminal of any size", () => {
    const progress = after(
      10_000,
      began(1, "http://localhost/日本語日本語日本語日本語日本語日本語日本語日本語日本語"),
      ...all(40).slice(1),
      {
        _tag: "Answered",
        index: 1,
        expected: 5
      }
    )
    for (let rows = 1; rows <= 30; rows++) {
      for (let columns = 1; columns <= 130; columns++) {
        const lines = frame(progress, { columns, rows }, 123_456)
        expect(lines.length).toBeLessThanOrEqual(rows)
        expect(Math.max(...lines.map(widthOf))).toBeLessThan(Math.max(columns, 2))
      }
    }
  })

  test("shows what would steer the terminal, and sends none of it", () => {
    const progress = after(1, began(1, "http://localhost/\u001b[2J\u0007\u202e\r\n"))
    const [shown] = frame(progress, wide, 0)
    expect(shown).toMatch(/http:\/\/localhost\/\\u\{1b\}\[2J\\u\{7\}\\u\{202e\}\\u\{d\}\\u\{a\}$/)
  })

  test("paints what a request does", () => {
    const painted = frame(after(1, began(1)), wide, 0, (stage, text) => `<${stage}>${text}</>`)
    expect(painted).toEqual([
      expect.stringMatching(/^1 <queued>queued {4}<\/> <queued>·+<\/> /),
      expect.stringMatching(/^<status>/)
    ])
  })
})

describe("the line of counts", () => {
  test("says less on a narrower terminal", () => {
    const progress = after(120, ...all(3), { _tag: "Ended", index: 1, isFailure: false })
    expect([80, 60, 50, 24, 9].map((columns) => statusLine(progress, columns, 2_000))).toEqual([
      "117 queued · 2 running · 1 done · 0 failed   0 B/s · 1 requests/s   2 s",
      "117 queued · 2 running · 1 done · 0 failed   0 B/s",
      "117 queued · 2 running · 1 done · 0 failed   0 B/s",
      "2 running, 1/120",
      "2 runnin…"
    ])
  })
})

describe("progress", () => {
  test("counts each request once", () => {
    const progress = after(
      5,
      ...all(3),
      { _tag: "Ended", index: 2, isFailure: true },
      { _tag: "Ended", index: 1, isFailure: false }
    )
    expect({ ...progress, queued: queued(progress), shown: shownFlights(progress, wide) }).toMatchObject({
      begun: 3,
      done: 1,
      failed: 1,
      queued: 2,
      shown: 1
    })
  })

  test("has the rates of the last three seconds", () => {
    const at = (at: number): Event => ({ _tag: "Looked", at, stages: [] })
    const early = after(
      9,
      ...all(4),
      { _tag: "Received", index: 1, received: 5_000 },
      { _tag: "Ended", index: 1, isFailure: false }
    )
    expect(rates(early, 500)).toEqual({ bytes: 10_000, requests: 2 })
    const late = [at(500), at(4_000), began(8), { _tag: "Received", index: 2, received: 3_000 } as const].reduce(
      next,
      early
    )
    expect(rates(late, 5_000)).toEqual({ bytes: 3_000, requests: 0 })
    expect(late.samples.length).toBe(1)
  })

  test("knows nothing of a request that is over", () => {
    const progress = after(1, began(1), { _tag: "Ended", index: 1, isFailure: false })
    expect(next(progress, { _tag: "Looked", at: 1, stages: [[1, "waiting"]] }).flights).toEqual(progress.flights)
  })
})

describe("a line of what is over", () => {
  test("shows what would steer the terminal, and sends none of it", () => {
    const failed = {
      _tag: "Failed",
      tag: "ReadError",
      message: "bad \u001b]0;title\u0007",
      phase: "read",
      delivery: "answered"
    } as const
    const entry = { index: 1, method: "GET", url: "", startedAt: 0, elapsed: 1, result: failed }
    expect(line({ entry, written: "" }, 1)).toBe("1  ReadError  bad \\u{1b}]0;title\\u{7}")
  })
})

/** In time for a machine that is busy. */
const eventually = <A>(read: () => A) => expect.poll(read, { timeout: 12_000 })

// What a terminal is sent that moves or colours something.
const sequences = (output: string): ReadonlySet<string> => new Set(output.match(/\u001b\[[\d;?]*[A-Za-z]/g) ?? [])

describe.skipIf(noPty !== undefined)(`on a terminal${noPty === undefined ? "" : `: ${noPty}`}`, () => {
  test("shows what is in flight, then the lines of what is over, then where the time went", async () => {
    const responses = new Map<string, ServerResponse>()
    const address = await serve((request, response) => {
      responses.set(request.url!, response)
      if (request.url === "/1") response.writeHead(200, { "content-length": 1_000 }).write("x".repeat(500))
    })
    const terminal = onTerminal({ rows: 20, columns: 100 }, "-c", "2", `${address}/1`, `${address}/2`, `${address}/3`)
    const { screen } = terminal
    const url = `http://${address}`
    await eventually(() => screen.text).toMatch(
      new RegExp(
        `^1 receiving  █{9}▌·{9}   500 B +\\d.*  ${url}/1\n2 waiting    ·{19} +\\d.*  ${url}/2\n1 queued · 2 running · 0 done · 0 failed .*$`
      )
    )
    expect(screen.cursorShown).toBe(false)
    responses.get("/2")!.writeHead(404).end("none")
    await eventually(() => screen.text).toMatch(
      /^2  404  HTTP\/1\.1 +4 B .*\/2\n1 receiving .*\n3 waiting .*\n0 queued · 2 running · 1 done · 0 failed /
    )
    responses.get("/1")!.end("x".repeat(500))
    await eventually(() => screen.text).toContain("2 done")
    const cut = responses.get("/3")!
    cut.writeHead(200, { "content-length": 9 }).write("cut", () => cut.socket?.destroy())
    expect(await terminal.code).toBe(1)
    expect(lines(screen.text)).toEqual([
      expect.stringMatching(/^2 {2}404 /),
      expect.stringMatching(/^1 {2}200 {2}HTTP\/1\.1 +1 000 B /),
      expect.stringMatching(/^3 {2}ReadError {2}GET /),
      "",
      "Waterfall of 3 requests",
      expect.stringMatching(/^ +╷0/),
      expect.stringMatching(/^1 200 .* │[·░▒█]+ *│ http:.*\/1$/),
      expect.stringMatching(/^2 404 .* │[·░▒█]+ *│ http:.*\/2$/),
      expect.stringMatching(/^3 ReadError .* │·+─*╳ *│ http:.*\/3$/),
      "· queued   ░ connect   ▚ tls   ▒ wait   █ download   ╳ failed",
      "",
      expect.stringMatching(/^2 answers, 1 failure, \d+ ms$/)
    ])
    expect({ cursor: screen.cursorShown, unknown: screen.unknown }).toEqual({ cursor: true, unknown: [] })
    // NO_COLOR is set.
    expect([...sequences(terminal.output)].filter((sequence) => sequence.endsWith("m"))).toEqual([])
  })

  test("^C aborts what is in flight, leaves the last counts and the cursor, and 130", async () => {
    let aborted = 0
    const address = await serve((_, response) => {
      response.on("close", () => void (response.writableEnded || aborted++))
      response.write("half")
    })
    const terminal = onTerminal({ rows: 20, columns: 80 }, "-c", "2", ...Array<string>(5).fill(address))
    await eventually(() => terminal.screen.text).toContain("3 queued · 2 running")
    expect(terminal.screen.cursorShown).toBe(false)
    terminal.type("\u0003")
    expect(await terminal.code).toBe(130)
    expect(lines(terminal.screen.text)).toEqual([
      // What was typed stands where the cursor was.
      expect.stringMatching(/^3 queued · 2 running · 0 done · 0 failed /),
      "interrupted"
    ])
    expect(terminal.screen.cursorShown).toBe(true)
    await eventually(() => aborted).toBe(2)
  })

  test("leaves nothing behind when the terminal becomes smaller", async () => {
    const responses: Array<ServerResponse> = []
    const address = await serve((_, response) => void responses.push(response))
    const terminal = onTerminal(
      { rows: 30, columns: 120 },
      ...Array<string>(9).fill(`${address}/${"long/".repeat(15)}`)
    )
    await eventually(() => terminal.screen.text).toContain("9 waiting")
    terminal.resize(30, 50)
    await eventually(() => terminal.screen.text).toMatch(/^1 waiting.*…\n2 waiting.*…\n(.*waiting.*\n){7}0 queued.*$/)
    terminal.resize(6, 50)
    await eventually(() => terminal.screen.visible).toMatch(/^1 waiting.*\n2 waiting.*\n… and 7 more\n0 queued.*$/)
    expect(responses.length).toBe(9)
    for (const response of responses) response.end()
    expect(await terminal.code).toBe(0)
    expect(terminal.screen.visible).not.toMatch(/waiting|running/)
  })

  test("goes away with its terminal", async () => {
    let closed = 0
    const address = await serve((_, response) => {
      response.on("close", () => closed++)
      response.write("half")
    })
    const terminal = onTerminal({ rows: 20, columns: 80 }, address)
    await eventually(() => terminal.screen.text).toContain("receiving")
    terminal.hangUp()
    await eventually(() => closed).toBe(1)
  })

  test.each([
    ["--plain", ["--plain"], undefined],
    ["a terminal that cannot move its cursor", [], { TERM: "dumb" }]
  ])("prints the lines alone with %s", async (_, options, more) => {
    const address = await serve((_, response) => response.end("fine"))
    const terminal = onTerminal({ rows: 20, columns: 80, ...(more && { more }) }, ...options, address)
    expect(await terminal.code).toBe(0)
    expect(lines(terminal.screen.text)).toEqual([
      expect.stringMatching(/^1 {2}200 /),
      expect.stringMatching(/^1 answer, 0 failures, /)
    ])
    expect([...sequences(terminal.output)]).toEqual([])
  })

  test("prints JSON alone with --json", async () => {
    const address = await serve((_, response) => response.end("fine"))
    const terminal = onTerminal({ rows: 20, columns: 500 }, "--json", address)
    expect(await terminal.code).toBe(0)
    expect(JSON.parse(lines(terminal.screen.text)[0]!)).toMatchObject({ index: 1, status: 200 })
    expect([...sequences(terminal.output)]).toEqual([])
  })

  test("has colours unless NO_COLOR is set", async () => {
    const address = await serve((_, response) => response.end("fine"))
    // Node takes the colours away where `CI` is set, as it may be here.
    const more = { NO_COLOR: undefined, NODE_DISABLE_COLORS: undefined, CI: undefined }
    const terminal = onTerminal({ rows: 20, columns: 80, more }, address)
    expect(await terminal.code).toBe(0)
    expect(terminal.output).toContain("\u001b[32m200\u001b[39m")
  })
})
