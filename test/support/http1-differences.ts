/** Where our reading of a response and that of an oracle may differ, and who allows it, for the http1-* tests and the fuzz run. */
import type { Oracle, Outcome } from "./http1-oracles.js"
import { latin1, type RecordedHead, type Recording } from "./http1-recorder.js"

/** What both read: the bytes up to where our message ended, as text. */
export interface Asked {
  readonly text: string
  readonly method: string
}

const valuesOf = (fields: ReadonlyArray<string> | undefined, lower: string): ReadonlyArray<string> =>
  (fields ?? []).filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === lower)

const isFramed = (ours: Recording): boolean =>
  ["content-length", "transfer-encoding"].some((name) => valuesOf(ours.head?.fields, name).length > 0)

const isChunkedOrOfLength = ({ head }: Recording): boolean =>
  valuesOf(head?.fields, "content-length").length > 0 ||
  valuesOf(head?.fields, "transfer-encoding").some((value) => /^chunked$/i.test(value))

const isBodyless = (ours: Recording, method: string): boolean =>
  method === "HEAD" || ours.upgraded || ours.head?.status === 204 || ours.head?.status === 304

/** What an oracle refuses and we read: what it says, where that can be, and who allows it. */
const weRead: ReadonlyArray<{
  readonly because: string
  readonly says: RegExp
  readonly when: (asked: Asked, ours: Recording) => boolean
}> = [
  {
    because: "RFC 9112 §2.2: a recipient may take a lone LF for the end of a line of the head",
    says: /CR_EXPECTED|expected CR|HPE_INVALID_STATUS|response status|HEADER_TOKEN|header (token|field char|value char)/,
    when: ({ text }) => /(^|[^\r])\n/.test(text)
  },
  {
    because: "RFC 9112 §5.1: white space before the colon is removed from a response",
    says: /HEADER_TOKEN|header (token|field char)/,
    when: ({ text }) => /\n[^\r\n:]+[ \t]:/.test(text)
  },
  {
    because: "RFC 9112 §5.2: a user agent replaces a fold with a space",
    says: /HEADER_TOKEN|header value|header value char/,
    when: ({ text }) => /\n[ \t]/.test(text)
  },
  {
    because: "RFC 9110 §8.6: a Content-Length that is repeated and equal is one",
    says: /CONTENT_LENGTH|Content-Length/,
    when: (_asked, ours) =>
      (ours.head?.fields ?? []).filter((each) => each.toLowerCase() === "content-length").length > 1 ||
      (ours.head?.fields ?? []).some((each) => /^(\d+)[ \t]*,[ \t]*\1$/.test(each))
  },
  {
    because: "RFC 9112 §5: a tab is white space around a value too",
    says: /CONTENT_LENGTH|Content-Length/,
    when: ({ text }) => /Content-Length:[^\r\n]*\t/i.test(text)
  },
  {
    because: "RFC 9112 §6.3 item 1: these responses end with their head, whatever its fields say",
    says: /CONTENT_LENGTH|TRANSFER_ENCODING|Content-Length|Transfer-Encoding/,
    when: ({ method }, ours) => isBodyless(ours, method) || ours.informational.length > 0
  },
  {
    because: "RFC 9112 §7.1.1: bad white space in a chunk size line",
    says: /CHUNK_SIZE|HPE_STRICT|chunk (size|extensions)/,
    when: ({ text }) => /\n[0-9a-fA-F]+(?:[ \t]|;[^\r\n]*[ \t])/.test(text)
  },
  {
    because: "RFC 9112 §7.1.1: an extension that is not understood is ignored, and ends with its line in any case",
    says: /chunk extensions/,
    when: ({ text }) => /\n[0-9a-fA-F]+;[^\r\n]*\r\n/.test(text)
  },
  {
    because: "RFC 9110 §9.3.6: what frames a message means nothing in a 2xx to CONNECT",
    says: /CONTENT_LENGTH|TRANSFER_ENCODING|Content-Length|Transfer-Encoding/,
    when: ({ method }, ours) => method === "CONNECT" && ours.upgraded
  },
  {
    because: "RFC 9110 §6.5.1: a trailer field is no header field, so it frames nothing",
    says: /CONTENT_LENGTH|TRANSFER_ENCODING/,
    when: (_asked, { trailers }) =>
      ["content-length", "transfer-encoding"].some((name) => valuesOf(trailers, name).length > 0)
  },
  {
    because: "RFC 9110 §2.5: a minor version that is not known is read as the highest one that is",
    says: /VERSION|version/,
    when: (_asked, ours) => [...ours.informational, ours.head].some((head) => (head?.minor ?? 0) > 1)
  },
  {
    because: "RFC 9110 §15.2: a 1xx is not the answer, so it cannot end the connection before that",
    says: /CLOSED_CONNECTION|after `Connection: close`/,
    when: (_asked, ours) => ours.informational.length > 0
  },
  {
    because: "RFC 9110 §7.8: only the caller knows whether an upgrade was asked for, so the parser reports a 101",
    says: /bad upgrade|assert\(upgrade\)/,
    when: (_asked, ours) => ours.upgraded && ours.head?.status === 101
  },
  {
    because: "RFC 9110 §15.2: a client reads 1xx responses that it did not ask for",
    says: /UND_ERR_SOCKET/,
    when: (_asked, ours) => ours.informational.some((head) => head.status === 100)
  }
]

/** What an oracle reads and we refuse, by our code. */
const weRefuse: Readonly<Record<string, string>> = {
  INVALID_STATUS_LINE: "RFC 9112 §4: no controls in a reason; RFC 9110 §15: a status is at least 100",
  TOO_MANY_EMPTY_LINES: "RFC 9112 §2.2: one empty line before a message should be skipped; endless ones are an attack",
  BARE_CR: "RFC 9112 §2.2: a CR without LF is invalid, also before the status line",
  INVALID_CHUNK_EXTENSION: "RFC 9112 §7.1.1: an extension is made of tokens and quoted strings, neither has DEL",
  UNSUPPORTED_VERSION: "RFC 9112 §2.3: another major version is another syntax",
  CONTENT_LENGTH_WITH_TRANSFER_ENCODING: "RFC 9112 §6.3 item 3: an error, also when the Transfer-Encoding is empty",
  TRANSFER_ENCODING_IN_HTTP_1_0: "RFC 9112 §6.1: faulty framing",
  UNSUPPORTED_TRANSFER_CODING: "RFC 9112 §7: a body in a coding that is not decoded is not the content"
}

/** What both read, and not alike. */
const weReadOtherwise: ReadonlyArray<{ readonly because: string; readonly when: (asked: Asked) => boolean }> = [
  {
    because: "RFC 9112 §5: a tab is white space around a value too, so this is chunked",
    when: ({ text }) => /Transfer-Encoding:[^\r\n]*\t/i.test(text)
  }
]

/** What both read alike, and then disagree on whether the connection persists. */
const weKeepOtherwise: ReadonlyArray<{
  readonly because: string
  readonly when: (asked: Asked, ours: Recording) => boolean
}> = [
  {
    because: "RFC 9112 §6.3 item 1: the answer to HEAD ends with its head, it needs no close",
    when: ({ method }, ours) => ours.keepAlive && method === "HEAD" && !isChunkedOrOfLength(ours)
  },
  {
    because: "RFC 9112 §5: a tab is white space around a value too, so this is keep-alive or close",
    when: ({ text }) => /^Connection:[^\r\n]*\t/im.test(text)
  },
  {
    because: "RFC 9112 §9.3: the close option decides before keep-alive does, also in HTTP/1.0",
    when: (_asked, ours) => {
      const options = valuesOf(ours.head?.fields, "connection")
        .join(",")
        .toLowerCase()
        .split(/[ \t]*,[ \t]*/)
      return !ours.keepAlive && ours.head?.minor === 0 && options.includes("close") && options.includes("keep-alive")
    }
  },
  {
    because: "RFC 9112 §C.2.2: Proxy-Connection is no field of HTTP/1.1, so it decides nothing",
    when: ({ text }) => /^Proxy-Connection[ \t]*:/im.test(text)
  },
  {
    because: "RFC 9112 §6.3 item 3: fields that contradict each other are no danger without a body; the peer may be",
    when: ({ method }, ours) => !ours.keepAlive && isBodyless(ours, method) && isFramed(ours)
  }
]

export interface Disagreement {
  /** The same for every case of its sort: what a case is shrunk by. */
  readonly sort: string
  readonly says: string
}

/** What the two make of the same bytes, when that is neither the same nor a known difference. */
export const disagreement = (
  oracle: Oracle["name"],
  asked: Asked,
  ours: Recording,
  theirs: Outcome
): Disagreement | undefined => {
  const accepted = ours.trailers !== undefined || ours.upgraded
  if (theirs._tag === "Refused") {
    // undici says "content length mismatch" of whatever llhttp refuses after it has seen a Content-Length.
    const says = (row: (typeof weRead)[number]): boolean => row.says.test(theirs.says) || /MISMATCH/.test(theirs.says)
    if (!accepted || weRead.some((row) => says(row) && row.when(asked, ours))) return undefined
    return { sort: `refused: ${theirs.says}`, says: `${oracle} refuses what we read: ${theirs.says}` }
  }
  if (theirs._tag === "Upgraded" || ours.upgraded) return upgradeDisagreement(oracle, asked, ours, theirs)
  if (!accepted || ours.head === undefined) {
    if (ours.violation !== undefined && ours.violation in weRefuse) return undefined
    return { sort: `read: ${ours.violation}`, says: `${oracle} reads what we refuse: ${ours.message}` }
  }
  return readDisagreement(oracle, asked, ours, ours.head, theirs)
}

/** RFC 9110 §7.8: Upgrade names the protocol, and Connection names Upgrade. */
const announcesUpgrade = (fields: ReadonlyArray<string>): boolean =>
  valuesOf(fields, "upgrade").some((value) => value !== "") &&
  valuesOf(fields, "connection").some((value) => /(^|,)[ \t]*upgrade[ \t]*(,|$)/i.test(value))

const upgradeDisagreement = (
  oracle: Oracle["name"],
  { method }: Asked,
  ours: Recording,
  theirs: Exclude<Outcome, { _tag: "Refused" }>
): Disagreement | undefined => {
  // node:http hands over the connection after any answer to CONNECT, also a 1xx (RFC 9110 §9.3.6: only a 2xx does that).
  if (theirs._tag === "Upgraded" && method === "CONNECT") return undefined
  // RFC 9110 §15.2.2: after a 101 the connection is not HTTP/1.1, also when the fields do not say what it is.
  if (ours.upgraded && ours.head?.status === 101 && !announcesUpgrade(ours.head.fields)) return undefined
  if (theirs._tag === "Upgraded" && ours.upgraded && theirs.status === ours.head?.status) return undefined
  return { sort: "upgrade", says: `${oracle}: ${theirs._tag}, we: ${ours.upgraded ? "Upgraded" : ours.message}` }
}

const readDisagreement = (
  oracle: Oracle["name"],
  asked: Asked,
  ours: Recording,
  head: RecordedHead,
  theirs: Extract<Outcome, { _tag: "Accepted" }>
): Disagreement | undefined => {
  // RFC 9112 §4 leaves the encoding of a reason open; undici takes it for UTF-8.
  const reasonOf = (text: string): string => (oracle === "undici" ? latin1(text).toString("utf8") : text)
  const compared = ({ fields, reasonPhrase, status }: RecordedHead) => ({
    status,
    reason: reasonOf(reasonPhrase),
    fields
  })
  const mine = JSON.stringify([
    compared(head),
    ours.body,
    ours.trailers,
    theirs.informational && ours.informational.map(compared)
  ])
  const other = JSON.stringify([theirs.head, theirs.body, theirs.trailers, theirs.informational])
  if (mine !== other) {
    if (weReadOtherwise.some((row) => row.when(asked))) return undefined
    return { sort: "otherwise", says: `${oracle} reads ${other}, we read ${mine}` }
  }
  if (theirs.keepAlive === undefined || theirs.keepAlive === ours.keepAlive) return undefined
  if (weKeepOtherwise.some((row) => row.when(asked, ours))) return undefined
  return {
    sort: `keep-alive: ${ours.keepAlive}`,
    says: `${oracle} keeps alive: ${theirs.keepAlive}, we: ${ours.keepAlive}`
  }
}
