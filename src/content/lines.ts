/**
 * Text in pieces to lines.
 *
 * @since 0.1.0
 */

/**
 * Collects text and gives the lines that it completes, without what ends them.
 *
 * @since 0.1.0
 * @category models
 */
export interface LineSplitter {
  readonly write: (text: string) => Array<string>
  /** How many characters of an unfinished line there are. */
  readonly held: number
  readonly end: () => Array<string>
}

/**
 * Splits at CR, LF and CRLF and at nothing else: the other characters that Unicode calls line breaks are legal inside a
 * line of NDJSON or of an event stream. A line is given as soon as its end is seen; what is left without one, at the end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lineSplitter = (): LineSplitter => {
  // Appending keeps a rope that is flattened once, so a long line in many pieces costs no more than its length.
  let unfinished = ""
  // The line was given at its CR; an LF that comes next belongs to that CR.
  let afterCarriageReturn = false

  return {
    get held() {
      return unfinished.length
    },
    write: (text) => {
      if (text === "") return []
      const lines: Array<string> = []
      let start = afterCarriageReturn && text.startsWith("\n") ? 1 : 0
      afterCarriageReturn = text.endsWith("\r")
      let carriageReturn = text.indexOf("\r", start)
      let lineFeed = text.indexOf("\n", start)
      while (carriageReturn >= 0 || lineFeed >= 0) {
        const atLineFeed = carriageReturn < 0 || (lineFeed >= 0 && lineFeed < carriageReturn)
        const end = atLineFeed ? lineFeed : carriageReturn
        lines.push(unfinished + text.slice(start, end))
        unfinished = ""
        start = lineFeed === end + 1 && !atLineFeed ? end + 2 : end + 1
        // Each search goes on from where it last stopped: a text without one of the two is searched for it once.
        if (!atLineFeed) carriageReturn = text.indexOf("\r", start)
        if (lineFeed >= 0 && lineFeed < start) lineFeed = text.indexOf("\n", start)
      }
      unfinished += text.slice(start)
      return lines
    },
    end: () => {
      const lines = unfinished === "" ? [] : [unfinished]
      unfinished = ""
      return lines
    }
  }
}
