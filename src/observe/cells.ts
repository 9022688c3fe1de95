/**
 * Text in the cells of a terminal: how many it takes, how it is cut to them, and how what would steer the terminal is
 * shown instead of sent.
 */

// C0 and C1 controls, DEL; what ends a line elsewhere; what turns the direction of the text after it.
const steering = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The same text with every character that steers shown as `\u{1b}`: text of others can neither move nor colour anything. */
export const visible = (text: string): string =>
  text.replace(steering, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)

const plain = /^[\u0020-\u007e]*$/

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** How many cells a text takes. */
export const widthOf = (text: string): number => {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment)
  return width
}

/** The text in at most this many cells; `…` at its end says that there was more. */
export const cut = (text: string, width: number): string => {
  if (width <= 0) return ""
  if (widthOf(text) <= width) return text
  let kept = ""
  let left = width - 1
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOfGrapheme(segment)
    if (left < 0) break
    kept += segment
  }
  return `${kept}…`
}

/** The text, cut or filled up with spaces, in exactly this many cells. */
export const left = (text: string, width: number): string => {
  const shown = cut(text, width)
  return shown + " ".repeat(Math.max(0, width - widthOf(shown)))
}

/** The same at the right end. */
export const right = (text: string, width: number): string => {
  const shown = cut(text, width)
  return " ".repeat(Math.max(0, width - widthOf(shown))) + shown
}

// Emoji as pictures, and what a variation selector makes one.
const pictured = /\p{Emoji_Presentation}|\ufe0f/u
const without = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

const widthOfGrapheme = (grapheme: string): number => {
  if (pictured.test(grapheme)) return 2
  if (without.test(grapheme)) return 0
  const point = grapheme.codePointAt(0)!
  return point >= wide[0]![0] && wide.some(([first, last]) => point >= first && point <= last) ? 2 : 1
}

// Unicode's East_Asian_Width W and F, in blocks.
const wide: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd]
]
