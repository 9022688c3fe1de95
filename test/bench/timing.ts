/** How long a measurement takes. */

export interface Timing {
  /** Warm-up lasts at least this long and this many requests, which is what the slowest peers take to be compiled. */
  readonly warmUpMillis: number
  readonly warmUpRequests: number
  /** But not longer than this. */
  readonly warmUpLimitMillis: number
  readonly timedMillis: number
  /** Fan-outs of 10 000 before one is timed that is to be warm. */
  readonly warmUpFanOuts: number
  readonly downloadBytes: number
  readonly uploadBytes: number
  /** One download or upload takes a fraction of a second, too little to time: the rate is that of several, one after another. */
  readonly downloads: number
  readonly warmUpBytes: number
}

const MiB = 1024 * 1024

export const full: Timing = {
  warmUpMillis: 700,
  warmUpRequests: 6_000,
  warmUpLimitMillis: 4_000,
  timedMillis: 1_500,
  warmUpFanOuts: 3,
  downloadBytes: 512 * MiB,
  uploadBytes: 256 * MiB,
  downloads: 3,
  warmUpBytes: 128 * MiB
}

export const quick: Timing = {
  ...full,
  warmUpMillis: 300,
  warmUpRequests: 5_000,
  warmUpLimitMillis: 1_500,
  timedMillis: 500,
  warmUpFanOuts: 2,
  downloadBytes: 256 * MiB
}

/** Warm as in a full run, so that the ratios are the same; timed for as long as their difference is looked for. */
export const gate: Timing = { ...full, timedMillis: 800 }
