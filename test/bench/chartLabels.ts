/** Where the labels of a chart's lines go, so that none lies on another, nor on a line if that can be. */

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A line's end, and how wide its label is. */
export interface Ending {
  readonly end: Point
  readonly width: number
}

/** `at` is where its text begins, in the middle of its height. */
export interface Label {
  readonly at: Point
  readonly end: Point
  readonly anchor: "column" | "beside"
}

/** A little more than what 13 px of a usual sans-serif take. */
export const textWidth = (text: string): number => text.length * 7.1

/** All in one column, as near to the height of their ends as they can be a line's height apart; in the order given. */
export const inColumn = (
  endings: ReadonlyArray<Ending>,
  x: number,
  lineHeight: number,
  top: number,
  bottom: number
): ReadonlyArray<Label> => {
  const sorted = endings.map(({ end }) => end).sort((a, b) => a.y - b.y)
  const heights = sorted.map(({ y }) => y)
  // Those that are too near to each other move apart, about their middle, until none is.
  for (let pass = 0; pass < 200; pass++) {
    let moved = false
    for (let i = 1; i < heights.length; i++) {
      const lack = lineHeight - ((heights[i] ?? 0) - (heights[i - 1] ?? 0))
      if (lack < 0.01) continue
      heights[i - 1] = (heights[i - 1] ?? 0) - lack / 2
      heights[i] = (heights[i] ?? 0) + lack / 2
      moved = true
    }
    if (!moved) break
  }
  const shift = Math.max(0, top - (heights[0] ?? top)) + Math.min(0, bottom - (heights.at(-1) ?? bottom))
  return endings.map(({ end }) => ({
    at: { x, y: (heights[sorted.indexOf(end)] ?? end.y) + shift },
    end,
    anchor: "column"
  }))
}

/** Each beside its end, at the place where it covers least of what is there. */
export const besideEnds = (
  endings: ReadonlyArray<Ending>,
  paths: ReadonlyArray<ReadonlyArray<Point>>,
  taken: ReadonlyArray<Box>,
  frame: Box,
  lineHeight: number
): ReadonlyArray<Label> => {
  const boxes = [...taken]
  const points = paths.flatMap(along)
  return endings.map(({ end, width }) => {
    let best: Point = end
    let least = Infinity
    for (const at of places(end, width, lineHeight)) {
      const box = boxOf(at, width, lineHeight)
      const covered =
        points.filter((point) => isIn(point, box)).length +
        1_000 * boxes.filter((other) => overlap(box, other)).length +
        1_000 * Number(!isWithin(box, frame))
      if (covered < least) {
        least = covered
        best = at
      }
    }
    boxes.push(boxOf(best, width, lineHeight))
    return { at: best, end, anchor: "beside" }
  })
}

/** From the best to the worst, if nothing were in the way. */
const places = ({ x, y }: Point, width: number, lineHeight: number): ReadonlyArray<Point> =>
  [0, -0.8, 0.8, -1.4, 1.4, -2, 2].flatMap((step) =>
    step === 0
      ? [
          { x: x + 10, y },
          { x: x - 10 - width, y }
        ]
      : [
          { x: x + 6, y: y + step * lineHeight },
          { x: x - width / 2, y: y + step * lineHeight },
          { x: x - width - 6, y: y + step * lineHeight }
        ]
  )

const boxOf = ({ x, y }: Point, width: number, lineHeight: number): Box => ({
  left: x - 2,
  right: x + width + 2,
  top: y - lineHeight / 2,
  bottom: y + lineHeight / 2
})

/** Points on a path, a few pixels apart. */
const along = (path: ReadonlyArray<Point>): ReadonlyArray<Point> =>
  path.flatMap((from, i) => {
    const to = path[i + 1]
    if (to === undefined) return [from]
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 3))
    return Array.from({ length: steps }, (_, step) => ({
      x: from.x + ((to.x - from.x) * step) / steps,
      y: from.y + ((to.y - from.y) * step) / steps
    }))
  })

const isIn = ({ x, y }: Point, box: Box): boolean => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom

const isWithin = (box: Box, frame: Box): boolean =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom

const overlap = (one: Box, other: Box): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
