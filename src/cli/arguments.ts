/** What the command is asked to do. */
import { parseArgs } from "node:util"

export type Command =
  | { readonly _tag: "Tour" }
  | { readonly _tag: "Fetch"; readonly urls: ReadonlyArray<string>; readonly concurrency: number | undefined }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Refused"; readonly why: string }

export const usage = `Usage: npm start                     a tour: each step against a server of its own
       npm start -- [options] URL…   fetches all at once, and prints a line for each as it completes

Options:
  -c, --concurrency N   at most N requests at a time (otherwise 100, as many as the pool has connections)
  -h, --help            prints this

A URL without a scheme gets http://, and ":8000/path" is http://localhost:8000/path. Redirects are shown, not followed.

Exit code: 0 when every URL was answered, whatever the status; 1 when a request failed; 2 when the arguments make no
sense; 130 after ^C, which aborts what is in flight.
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
  if (positionals.length === 0) {
    return values.concurrency === undefined
      ? { _tag: "Tour" }
      : { _tag: "Refused", why: "--concurrency is for fetching: give at least one URL" }
  }
  const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency)
  return { _tag: "Fetch", urls: positionals.map(withScheme), concurrency }
}

const tryParse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { concurrency: { type: "string", short: "c" }, help: { type: "boolean", short: "h" } }
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
