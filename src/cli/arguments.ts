/** What the command is asked to do. */
import { parseArgs } from "node:util"

export type Command =
  { readonly _tag: "Tour" } | Fetch | { readonly _tag: "Help" } | { readonly _tag: "Refused"; readonly why: string }

export interface Fetch {
  readonly _tag: "Fetch"
  readonly urls: ReadonlyArray<string>
  readonly concurrency: number | undefined
  /** `live` is for a terminal; anywhere else it is `plain`. */
  readonly output: "live" | "plain" | "json"
  /** The file that a page is written to. */
  readonly waterfall: string | undefined
}

export const usage = `Usage: npm start                     a tour: each step against a server of its own
       npm start -- [options] URL…   fetches all at once, and prints a line for each as it completes

On a terminal, what is in flight is shown below those lines, and at the end where the time of each request went.

Options:
  -c, --concurrency N   at most N requests at a time (otherwise 100, as many as the pool has connections)
  --plain               the lines alone, on a terminal too
  --json                an object for each request instead, on a line of its own; not together with --plain
  --waterfall FILE      writes where the time of each request went as a page too (FILE.html, say); not after ^C
  -h, --help            prints this

An object of --json has: index, url, method, start (ms after the run began), elapsed (ms); and of an answer: status,
httpVersion, bytes (of the body, as they came), reused (whether its connection was opened for another request), timings
(ms: queued, dns, connect, proxy, tls, wait, download; null where there was no such step); of a failure instead: error
(tag, message, phase, delivery). In it and in the page, the values of queries, users and passwords are not shown.

A URL without a scheme gets http://, and ":8000/path" is http://localhost:8000/path. Redirects are shown, not followed.

Exit code: 0 when every URL was answered, whatever the status; 1 when a request failed, or the page could not be
written; 2 when the arguments make no sense, or it is known before anything is sent that the page cannot be written; 130
after ^C, which aborts what is in flight.
`

export const parse = (args: ReadonlyArray<string>): Command => {
  const parsed = tryParse(args)
  if (typeof parsed === "string") return { _tag: "Refused", why: parsed }
  const { positionals, values } = parsed
  if (values.help === true) return { _tag: "Help" }
  if (values.concurrency !== undefined && !/^0*[1-9]\d{0,5}$/.test(values.concurrency)) {
    const why = `--concurrency wants a whole number from 1 to 999999, not ${JSON.stringify(values.concurrency)}`
    return { _tag: "Refused", why }
  }
  const { json = false, plain = false, waterfall } = values
  if (json && plain) return { _tag: "Refused", why: "--json and --plain are two ways to print: choose one" }
  if (waterfall === "") return { _tag: "Refused", why: "--waterfall wants the name of a file" }
  if (positionals.length === 0) {
    const [given] = Object.keys(values)
    return given === undefined
      ? { _tag: "Tour" }
      : { _tag: "Refused", why: `--${given} is for fetching: give at least one URL` }
  }
  const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency)
  const output = json ? "json" : plain ? "plain" : "live"
  return { _tag: "Fetch", urls: positionals.map(withScheme), concurrency, output, waterfall }
}

const tryParse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        concurrency: { type: "string", short: "c" },
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
        plain: { type: "boolean" },
        waterfall: { type: "string" }
      }
    })
  } catch (error) {
    // The first sentence says what is wrong; the others advise on "--", which npm has taken already.
    return error instanceof Error ? error.message.split(". ")[0]! : String(error)
  }
}

const withScheme = (url: string): string => {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(url)) return url
  return /^:\d/.test(url) ? `http://localhost${url}` : `http://${url}`
}
