/** The page of `--waterfall` in a browser: what it says, and that it can be seen, in light and in dark. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { waterfallPage } from "../src/observe/waterfallPage.js"
import { chromium, chromiumVersion } from "./support/chromium.js"
import { cli, freePort, serve } from "./support/command.js"
import { answer, failure } from "./support/entries.js"

const browser = chromiumVersion ?? "chromium: it is not installed"

// Ample: a browser on a machine that is busy.
const patience = 60_000

const pngSignature = "89504e470d0a1a0a"

/** The texts of a row's cells, as the browser has them. */
const rowsOf = (dom: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [body = ""] = /<tbody>[^]*<\/tbody>/.exec(dom) ?? []
  return [...body.matchAll(/<tr[^>]*>([^]*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.replace(/<svg[^]*?<\/svg>/g, "").matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map(([, cell = ""]) =>
      cell.replace(/<[^>]*>/g, " ").trim()
    )
  )
}

describe.skipIf(chromiumVersion === undefined)(browser, async () => {
  const folder = await mkdtemp(join(tmpdir(), "effect-httpx-page-"))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const screenshot = async (page: string, name: string, ...options: ReadonlyArray<string>): Promise<Buffer> => {
    const file = join(folder, name)
    await chromium(page, `--screenshot=${file}`, ...options)
    return readFile(file)
  }

  test(
    "shows the page that the command has written",
    async () => {
      const address = await serve((request, response) => {
        if (request.url === "/cut") {
          response.writeHead(200, { "content-length": 9 }).write("cut", () => request.socket.destroy())
        } else {
          response.writeHead(request.url === "/none" ? 404 : 200).end("x".repeat(2_000))
        }
      })
      const page = join(folder, "page.html")
      const hostile = `${address}/<script>document.title='broken'</script>"?token=secret`
      const nobody = `127.0.0.1:${await freePort()}`
      const urls = [`jo:secret@${address}/`, `${address}/none`, `${address}/cut`, nobody, hostile]
      const { code } = await cli("--json", "--waterfall", page, ...urls)
      expect(code).toBe(1)

      const dom = await chromium(page, "--dump-dom")
      expect(dom).toContain("<title>Waterfall of 5 requests</title>")
      const ms = expect.stringMatching(/^[\d.]+ ms$/)
      const origin = `http://${address}`
      const answered = (status: string) => [status, "HTTP/1.1", "2 kB", ms, "", ms, ms, "", ms, ms]
      const failed = ["failed", "", "", ms, "", ms, "", "", "", ""]
      expect(rowsOf(dom)).toEqual([
        ["1", `http://&lt;redacted&gt;@${address}/`, ...answered("200")],
        ["2", `${origin}/none`, ...answered("404")],
        ["3", expect.stringMatching(/\/cut *ReadError: .*3 of 9 bytes/), ...failed],
        ["4", expect.stringMatching(/ConnectError: .*ECONNREFUSED/), ...failed],
        ["5", expect.stringContaining("&lt;script&gt;document.title='broken'&lt;/script&gt;"), ...answered("200")]
      ])
      expect(dom).not.toMatch(/secret|<script/)

      const light = await screenshot(page, "light.png", "--window-size=1280,800")
      const dark = await screenshot(
        page,
        "dark.png",
        "--window-size=1280,800",
        "--blink-settings=preferredColorScheme=0"
      )
      const narrow = await screenshot(page, "narrow.png", "--window-size=500,800")
      for (const picture of [light, dark, narrow]) {
        expect(picture.subarray(0, 8).toString("hex")).toBe(pngSignature)
        expect(picture.length).toBeGreaterThan(15_000)
      }
      expect(dark.equals(light)).toBe(false)
    },
    patience
  )

  test(
    "shows a page of 5 000 requests, and of one",
    async () => {
      const entries = Array.from({ length: 5_000 }, (_, i) =>
        i % 50 === 7 ? failure(i + 1, i, 20) : answer(i + 1, i, { queued: 1, wait: 20, download: i % 60 })
      )
      const page = join(folder, "many.html")
      await writeFile(page, waterfallPage(entries))
      const dom = await chromium(page, "--dump-dom")
      expect(rowsOf(dom).length).toBe(5_000)
      expect(dom).not.toContain('class="note"')
      await writeFile(page, waterfallPage(entries.slice(0, 1)))
      expect(rowsOf(await chromium(page, "--dump-dom")).length).toBe(1)
    },
    patience
  )
})
