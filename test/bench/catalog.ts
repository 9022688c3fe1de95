/** What can be measured: the clients, the scenarios, and which client takes part in which scenario. */

export type Kind = "buffered" | "download" | "fanOut" | "micro"

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
  /** The client that ratios are to; what is not a request has none. */
  readonly base: string | undefined
  /** For the report. */
  readonly note?: string
}

const http1 = { requests: 0, http2: false, base: "dispatch" }

export const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "buffered-50",
    title: "Buffered GET, 225-byte JSON, 50 loops over 50 connections",
    kind: "buffered",
    concurrency: 50,
    ...http1
  },
  {
    name: "buffered-1",
    title: "Buffered GET, 225-byte JSON, one after another",
    kind: "buffered",
    concurrency: 1,
    ...http1,
    note: "Mostly how soon an idle core wakes up, which on a busy machine varies several times over: trust the CPU time."
  },
  {
    name: "http2-50",
    title: "Buffered GET over HTTP/2 with TLS, 225-byte JSON, 50 loops over one connection",
    kind: "buffered",
    concurrency: 50,
    requests: 0,
    http2: true,
    base: "node-http2"
  },
  { name: "download", title: "Download", kind: "download", concurrency: 1, ...http1 },
  fanOut(1_000),
  fanOut(10_000),
  fanOut(50_000),
  micro(
    "admission",
    "Admission to a connection, without a wire",
    "Exchanges with a connection that answers at once: what the pool adds is the difference to the row without one."
  ),
  micro("new-client", "A client over a transport of its own, built and closed")
]

function micro(name: string, title: string, note?: string): Scenario {
  const scenario = { name, title, kind: "micro", concurrency: 1, requests: 0, http2: false, base: undefined } as const
  return note === undefined ? scenario : { ...scenario, note }
}

function fanOut(requests: number): Scenario {
  return {
    name: `fan-out-${requests}`,
    title: `Fan-out of ${requests} GETs, 64 at once, from a cold start`,
    kind: "fanOut",
    concurrency: 64,
    ...http1,
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
  client("node-http2", "node:http2 session", "node-http2", ["http2"]),
  client("ours", "effect-httpx Client", "effect-httpx", ["buffered", "http2", "download", "fan-out"], ours),
  client("undici-h2", "undici dispatch, allowH2, minimal handler", "dispatch", ["http2"]),
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
  client("ky", "ky", "ky", ["buffered"]),
  client("unadmitted", "no pool", "unadmitted", ["admission"], ours),
  client("admitted", "pool, a connection is free", "admitted", ["admission"], ours),
  client("queued", "pool, 50 wait before each", "queued", ["admission"], ours),
  client("layers", "Client.layer over Transport.layer", "layers", ["new-client"], ours)
]

export const takesPart = (client: Client, scenario: Scenario): boolean =>
  client.scenarios.some((beginning) => scenario.name.startsWith(beginning))
