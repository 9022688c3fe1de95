/** What can be measured: the clients, the scenarios, and which client takes part in which scenario. */

export type Kind = "buffered" | "download" | "fanOut"

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly kind: Kind
  /** Requests in flight, and connections a client may open. */
  readonly concurrency: number
  /** Requests of a fan-out; 0 elsewhere. */
  readonly requests: number
  /** For the report. */
  readonly note?: string
}

export const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "buffered-50",
    title: "Buffered GET, 225-byte JSON, 50 loops over 50 connections",
    kind: "buffered",
    concurrency: 50,
    requests: 0
  },
  {
    name: "buffered-1",
    title: "Buffered GET, 225-byte JSON, one after another",
    kind: "buffered",
    concurrency: 1,
    requests: 0,
    note: "Mostly how soon an idle core wakes up, which on a busy machine varies several times over: trust the CPU time."
  },
  { name: "download", title: "Download", kind: "download", concurrency: 1, requests: 0 },
  fanOut(1_000),
  fanOut(10_000),
  fanOut(50_000)
]

function fanOut(requests: number): Scenario {
  return {
    name: `fan-out-${requests}`,
    title: `Fan-out of ${requests} GETs, 64 at once, from a cold start`,
    kind: "fanOut",
    concurrency: 64,
    requests
  }
}

export interface Client {
  readonly name: string
  readonly label: string
  /** File in `clients/`, and the `open` argument that tells rows of one file apart. */
  readonly module: string
  readonly traced: boolean
  /** Needs the built package. */
  readonly ours: boolean
  /** Scenarios by the beginning of their names. */
  readonly scenarios: ReadonlyArray<string>
}

const client = (
  name: string,
  label: string,
  module: string,
  scenarios: ReadonlyArray<string>,
  options?: { readonly traced?: boolean; readonly ours?: boolean }
): Client => ({
  name,
  label,
  module,
  traced: options?.traced ?? false,
  ours: options?.ours ?? false,
  scenarios
})

const ours = { ours: true }

/** Rows that a target compares stand next to each other, so that they are measured one right after the other. */
export const clients: ReadonlyArray<Client> = [
  client("dispatch", "undici dispatch, minimal handler", "dispatch", ["buffered", "download", "fan-out"]),
  client("ours", "effect-httpx Client", "effect-httpx", ["buffered", "download", "fan-out"], ours),
  client("request", "undici.request", "request", ["buffered", "download", "fan-out"]),
  client("ours-platform", "effect-httpx as platform layer", "effect-httpx-platform", ["buffered", "download"], ours),
  client("platform", "platform-node layerUndici", "layer-undici", ["buffered", "download", "fan-out"]),
  client("ours-traced", "effect-httpx Client, default tracer", "effect-httpx", ["buffered-50"], {
    ours: true,
    traced: true
  }),
  client("platform-traced", "platform-node layerUndici, default tracer", "layer-undici", ["buffered"], {
    traced: true
  }),
  client("fetch", "global fetch", "fetch", ["buffered", "download"]),
  client("axios", "axios", "axios", ["buffered"]),
  client("got", "got", "got", ["buffered"]),
  client("ky", "ky", "ky", ["buffered"])
]

export const takesPart = (client: Client, scenario: Scenario): boolean =>
  client.scenarios.some((beginning) => scenario.name.startsWith(beginning))
