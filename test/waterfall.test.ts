/** Requests on a common axis of time: as segments, as text, as a page. */
import { describe, expect, test } from "vitest"
import { widthOf } from "../src/observe/cells.js"
import { marksOf, segmentsOf, selected, stepOf, summaryOf } from "../src/observe/Waterfall.js"
import { waterfallPage } from "../src/observe/waterfallPage.js"
import { waterfallText } from "../src/observe/waterfallText.js"
import { answer, failure } from "./support/entries.js"

const opened = { queued: 5, dns: 5, connect: 10, proxy: 5, tls: 15, wait: 40, download: 20 }

describe("the segments of a request", () => {
  test("follow each other, from the beginning of the run on", () => {
    expect(segmentsOf(answer(1, 10, opened))).toEqual([
      { kind: "queued", from: 0, to: 15 },
      { kind: "connect", from: 15, to: 35 },
      { kind: "tls", from: 35, to: 50 },
      { kind: "wait", from: 50, to: 90 },
      { kind: "download", from: 90, to: 110 }
    ])
  })

  test("are those that took time", () => {
    expect(segmentsOf(answer(1, 0, { queued: undefined, wait: 7, download: undefined }))).toEqual([
      { kind: "wait", from: 0, to: 7 }
    ])
  })

  test("end with its end, be that of no time", () => {
    expect(segmentsOf(answer(1, 2, {})).at(-1)).toEqual({ kind: "wait", from: 2, to: 2 })
    expect(segmentsOf(failure(1, 2, 0)).at(-1)).toEqual({ kind: "failed", from: 2, to: 2 })
  })

  test("of one that failed are its wait for a turn and its call", () => {
    expect(segmentsOf(failure(1, 3, 4))).toEqual([
      { kind: "queued", from: 0, to: 3 },
      { kind: "failed", from: 3, to: 7 }
    ])
  })
})

describe("a selection", () => {
  const entries = [10, 90, 50, 70, 30].map((wait, i) => answer(i + 1, 0, { wait }))
  const indices = (count: number, all = entries) => selected(all, count).map(({ index }) => index)

  test("is of those that took longest, in their order", () => {
    expect(indices(3)).toEqual([2, 3, 4])
    expect(indices(9, [...entries].reverse())).toEqual([1, 2, 3, 4, 5])
    const equal = [3, 2, 1].map((index) => answer(index, 0, { wait: 1 }))
    expect(indices(2, equal)).toEqual([1, 2])
  })

  test("has failures in it, up to half", () => {
    const failures = [6, 7, 8, 9].map((index) => failure(index, 0, index))
    expect(indices(4, [...entries, ...failures])).toEqual([2, 4, 8, 9])
    expect(indices(8, [...entries, ...failures])).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe("a summary", () => {
  test("counts, and has the times that half and nearly all of the calls took at most", () => {
    const entries = Array.from({ length: 100 }, (_, i) => answer(i, 5, { wait: i + 1 }, { bytes: 10 }))
    expect(summaryOf([...entries, failure(100, 0, 400)])).toEqual({
      answered: 100,
      failed: 1,
      bytes: 1_000,
      total: 400,
      median: 51,
      high: 96
    })
    expect(summaryOf([])).toEqual({ answered: 0, failed: 0, bytes: 0, total: 0, median: 0, high: 0 })
  })
})

describe("the marks on an axis", () => {
  test.each([
    [100, 10, 10],
    [100, 4, 50],
    [260, 6, 50],
    [0.03, 3, 0.01],
    [7_000, 4, 2_000],
    [99, 1, 100],
    [0, 5, 0]
  ])("of %d ms, at most %d, are %d ms apart", (total, most, step) => {
    expect(stepOf(total, most)).toBeCloseTo(step, 9)
    if (total > 0) expect(marksOf(total, most).length).toBeLessThanOrEqual(most + 1)
  })

  test("begin with 0", () => {
    expect(marksOf(260, 6)).toEqual([0, 50, 100, 150, 200, 250])
    expect(marksOf(0, 6)).toEqual([0])
  })
})

describe("as text", () => {
  test("is aligned on one axis, with a scale and a legend", () => {
    const entries = [
      answer(1, 0, opened),
      answer(2, 0, { queued: 30, wait: 30, download: 40 }, { status: 404 }),
      failure(3, 20, 60, { tag: "ReadTimeout" }),
      answer(10, 50, { wait: 0.1 })
    ]
    expect(waterfallText(entries, { columns: 80, rows: 24 })).toEqual([
      "Waterfall of 4 requests",
      "                       ╷0               ╷50 ms            ╷100 ms",
      " 1 200         100 ms │··░░░░░░░▚▚▚▚▚▒▒▒▒▒▒▒▒▒▒▒▒▒▒███████│ http://localhost/1",
      " 2 404         100 ms │··········▒▒▒▒▒▒▒▒▒▒▒██████████████│ http://localhost/2",
      " 3 ReadTimeout  60 ms │·······────────────────────╳       │ http://localhost/3",
      "10 200         0.1 ms │·················▒                 │ http://localhost/10",
      "· queued   ░ connect   ▚ tls   ▒ wait   █ download   ╳ failed"
    ])
  })

  test("says what there is no room for", () => {
    const entries = Array.from({ length: 1_500 }, (_, i) => answer(i + 1, 0, { wait: i }))
    const lines = waterfallText(entries, { columns: 80, rows: 8 })
    expect(lines[0]).toBe("Waterfall of 1 500 requests: failures and the longest; 1 497 left out")
    expect(lines.slice(2, -1).map((line) => line.slice(0, 4))).toEqual(["1498", "1499", "1500"])
  })

  test("fits a terminal of any width", () => {
    const url = "http://localhost/日本語日本語日本語日本語"
    const entries = [answer(1, 0, opened, { url }), failure(200, 1, 900, { tag: "RemoteProtocolError", url })]
    for (let columns = 12; columns <= 200; columns++) {
      const lines = waterfallText(entries, { columns, rows: 20 })
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
      expect(lines.join("")).toContain("╳")
    }
  })

  test("paints each kind", () => {
    const paint = (kind: string, text: string) => `<${kind}>${text}</>`
    const lines = waterfallText([answer(1, 5, { wait: 5 })], { columns: 40, rows: 24, paint })
    expect(lines[2]).toMatch(/│<queued>·+<\/><wait>▒+<\/>│/)
    expect(lines[3]).toMatch(/^<queued>·<\/> queued {3}<connect>/)
  })

  test("is there of no request, and of one that took no time", () => {
    expect(waterfallText([], { columns: 80, rows: 24 })[0]).toBe("Waterfall of 0 requests")
    const lines = waterfallText([failure(1, 0, 0, { tag: "InvalidUrl" })], { columns: 60, rows: 24 })
    expect(lines[2]).toMatch(/^1 InvalidUrl {3}0 ms │╳ +│/)
    expect(waterfallText([answer(1, 0, {})], { columns: 60, rows: 24 })[2]).toMatch(/│▒ +│/)
  })

  test("shows what would steer the terminal", () => {
    const lines = waterfallText([answer(1, 0, { wait: 1 }, { url: "http://x/\u001b[2J" })], { columns: 90, rows: 24 })
    expect(lines[2]).toMatch(/http:\/\/x\/\\u\{1b\}\[2J$/)
  })
})

describe("as a page", () => {
  test("has a row for each request, with its bar and its numbers", () => {
    const page = waterfallPage(
      [answer(1, 100, opened), answer(2, 0, { queued: undefined, wait: 100 }, { method: "POST", status: 302 })],
      {
        subtitle: "at noon"
      }
    )
    expect(page).toContain("<title>Waterfall of 2 requests</title>")
    expect(page).toContain("<p>at noon</p>")
    expect(page).toContain('<dt>Total time</dt><dd class="">200 ms</dd>')
    const [first, second] = page.match(/<tr><td[^]*?<\/tr>/g)!
    expect(first).toContain("<bdi>http://localhost/1</bdi>")
    expect(first).toContain(
      '<td class="status good">200</td><td class="protocol">HTTP/1.1</td><td class="bytes">1.2 kB</td>'
    )
    expect(first).toContain('<rect class="wait" x="700" y="0" width="200" height="10"/>')
    expect(first).toContain(
      "queued: 105 ms\ndns: 5 ms\nconnect: 10 ms\nproxy: 5 ms\ntls: 15 ms\nwait: 40 ms\ndownload: 20 ms"
    )
    expect(first).toContain('<td class="part">105 ms</td><td class="part">20 ms</td><td class="part">15 ms</td>')
    expect(second).toContain("<bdi>POST http://localhost/2</bdi>")
    expect(second).toContain('<td class="status moved">302</td>')
    expect(second).toContain('<td class="part">0 ms</td><td class="part"></td><td class="part"></td>')
  })

  test("tells why a request failed", () => {
    const page = waterfallPage([
      failure(1, 10, 30, { tag: "ConnectError", phase: "connect", delivery: "unsent" }),
      {
        ...failure(2, 0, 1),
        result: { _tag: "Failed", tag: "Error", message: "odd", phase: undefined, delivery: undefined }
      }
    ])
    const [first, second] = page.match(/<tr class="failure">[^]*?<\/tr>/g)!
    expect(first).toContain(">ConnectError: it broke</small>")
    expect(first).toContain("ConnectError (connect, unsent) after 30 ms")
    expect(first).toContain('<td class="part">10 ms</td><td class="part"></td>')
    expect(second).toContain(">Error: odd</small>")
    expect(second).toContain("Error after 1 ms")
    expect(page).toContain('<dt>Failed</dt><dd class="bad">2</dd>')
  })

  test("has what others have written as text alone", () => {
    const bad = `"><script>alert('&')</script>\u202e\u0000`
    const page = waterfallPage(
      [
        answer(1, 0, { wait: 1 }, { url: bad, httpVersion: bad, method: bad }),
        failure(2, 0, 1, { url: bad, tag: bad, message: bad })
      ],
      { subtitle: bad }
    )
    expect(page).not.toContain("<script")
    expect(page).not.toMatch(/[\u202e\u0000]/)
    expect(page).toContain("&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\\u{202e}\\u{0}")
  })

  test("needs nothing from elsewhere, and says so to the browser", () => {
    const page = waterfallPage([answer(1, 0, { wait: 1 }), failure(2, 0, 1)])
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`)
    expect(page).not.toMatch(/src="|url\(|@import|<a |<script/)
    expect([...page.matchAll(/ href="([^"]*)"/g)].map(([, address]) => address)).toEqual(["data:,"])
  })

  test("has rows for the longest when there are very many, and says so", () => {
    const page = waterfallPage(
      Array.from({ length: 30 }, (_, i) => answer(i, 0, { wait: i })),
      { most: 10 }
    )
    expect(page.match(/<tr><td[^]*?<\/tr>/g)!.length).toBe(10)
    expect(page).toContain("There are rows for 10 of 30 requests: failures, and those that took longest.")
    expect(page).toContain('<dt>Answered</dt><dd class="">30</dd>')
  })

  test("is there of no request, and of one that took no time", () => {
    expect(waterfallPage([])).toContain("Waterfall of 0 requests")
    const page = waterfallPage([failure(1, 0, 0)])
    expect(page).toContain("Waterfall of 1 request")
    expect(page).toContain('<rect class="failed" x="0" y="0" width="3" height="10"/>')
    expect(waterfallPage([answer(1, 0, {})])).toContain('<dt>Requests/s</dt><dd class="">–</dd>')
  })
})
