/** What can be measured: what a scenario and a client are, and which client takes part in which scenario. */

export type Kind = "buffered" | "download" | "upload" | "fanOut" | "fanOutWarm" | "lazy" | "leave" | "micro" | "import"

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly kind: Kind
  /** Requests in flight, and connections a client may open: over HTTP/2 one, whatever this says. */
  readonly concurrency: number
  /** Requests of a fan-out; 0 elsewhere. */
  readonly requests: number
  /** HTTP/2 with TLS, or HTTP/1.1 without. */
  readonly http2: boolean
  /** Where the server has what is asked for. */
  readonly path: "/json" | "/gzip" | "/download" | "/upload"
  /** The client that ratios are to; what is not compared has none. */
  readonly base: string | undefined
  /** In a full run measured in the first round alone. */
  readonly once?: boolean
  /** What a quick run has instead of `requests`. */
  readonly quickRequests?: number
  /** Processes a round, of which the median counts, where one alone says little. Default: 1. */
  readonly processes?: number
  /** For the report. */
  readonly note?: string
}

export interface Client {
  readonly name: string
  readonly label: string
  readonly program: "node" | "python"
  /** File in `clients/`. */
  readonly module: string
  /** Tells rows of one file apart. */
  readonly mode: string | undefined
  readonly traced: boolean
  /** Needs the built package. */
  readonly ours: boolean
  /** Names of scenarios, or what they begin with and a star. */
  readonly scenarios: ReadonlyArray<string>
  /** Those that take so long that a full run has them in its first round alone, and a quick one not at all. */
  readonly long: ReadonlyArray<string>
}

export const takesPart = (client: Client, scenario: Scenario): boolean => isAmong(client.scenarios, scenario)

export const isLong = (client: Client, scenario: Scenario): boolean => isAmong(client.long, scenario)

const isAmong = (patterns: ReadonlyArray<string>, { name }: Scenario): boolean =>
  patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
