/** Quantities as people read them. */

const units = ["B", "kB", "MB", "GB", "TB"]

/** E.g. `999 B`, `1.5 kB`, `12 MB`. */
export const bytes = (count: number): string => {
  let value = count
  let unit = 0
  // What would be rounded up to four digits has the next unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : twoDigits(value)} ${units[unit]}`
}

/** Milliseconds: e.g. `0.4 ms`, `123 ms`, `1.5 s`, `2 min 5 s`. */
export const duration = (ms: number): string => {
  if (ms < 999.5) return `${twoDigits(ms)} ms`
  if (ms < 59_950) return `${twoDigits(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** With one decimal where there is but one digit before it. */
const twoDigits = (value: number): string => (value >= 9.95 ? String(Math.round(value)) : shortened(value.toFixed(1)))

const shortened = (decimal: string): string => (decimal.endsWith(".0") ? decimal.slice(0, -2) : decimal)

/** A number with its thousands apart. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, " ")

/** As text is read aloud: one byte, two bytes. */
export const counted = (n: number, thing: string): string => `${grouped(n)} ${thing}${n === 1 ? "" : "s"}`
