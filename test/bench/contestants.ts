/** The clients. Rows that a target compares stand next to each other, so that they are measured one right after the other. */
import type { Client } from "./catalog.js"

const client = (
  name: string,
  label: string,
  module: string,
  scenarios: ReadonlyArray<string>,
  options?: Partial<Client>
): Client => ({
  name,
  label,
  module,
  program: "node",
  mode: undefined,
  traced: false,
  ours: false,
  scenarios,
  long: [],
  ...options
})

const ours = { ours: true }
const python = { program: "python" } as const
const fanOuts = "fan-out-1000 fan-out-10000 fan-out-50000 fan-out-100000".split(" ")

export const clients: ReadonlyArray<Client> = [
  client("dispatch", "undici dispatch, minimal handler", "dispatch", ["buffered-*", "download", "fan-out-*"]),
  client("dispatch-lazy", "undici dispatch, 64 loops", "dispatch", ["lazy-1000000"], { mode: "lazy" }),
  client("node-http2", "node:http2 session", "node-http2", ["http2-50"]),
  client(
    "ours",
    "effect-httpx Client",
    "effect-httpx",
    ["buffered-*", "http2-50", "gzip-10k", "download", "upload"],
    ours
  ),
  client(
    "ours-next",
    "effect-httpx parallel, nextResponse",
    "effect-httpx-parallel",
    ["fan-out-*", "leave-100000"],
    ours
  ),
  client("ours-in-order", "effect-httpx parallel, getResponse in order", "effect-httpx-parallel", fanOuts, {
    ours: true,
    mode: "in order"
  }),
  client("ours-over", "effect-httpx parallel.over", "effect-httpx-over", ["fan-out-*", "lazy-1000000"], ours),
  client("undici-h2", "undici dispatch, allowH2, minimal handler", "dispatch", ["http2-50"]),
  client("request", "undici.request", "request", ["buffered-*", "download", "upload"]),
  client("request-all", "undici.request, Promise.all", "request", [...fanOuts, "leave-100000"]),
  client("request-p-limit", "undici.request, p-limit", "request", fanOuts, { mode: "p-limit" }),
  client("request-race", "undici.request, Promise.race", "request", ["fan-out-1000"], { mode: "race" }),
  client("ours-platform", "effect-httpx as platform layer", "effect-httpx-platform", ["buffered-*", "download"], ours),
  client("platform", "platform-node layerUndici", "layer-undici", ["buffered-*", "download"]),
  client("platform-each", "platform-node layerUndici, Effect.forEach", "layer-undici", fanOuts, {
    long: ["fan-out-50000", "fan-out-100000"]
  }),
  client("ours-traced", "effect-httpx Client, recording tracer", "effect-httpx", ["buffered-50"], {
    ours: true,
    traced: true
  }),
  client("platform-traced", "platform-node layerUndici, recording tracer", "layer-undici", ["buffered-50"], {
    traced: true
  }),
  client("fetch", "global fetch", "fetch", ["buffered-*", "download"]),
  client("undici-fetch", "undici fetch", "undici-fetch", ["gzip-10k"]),
  client("dispatch-gunzip", "undici dispatch, gunzipSync", "dispatch-gunzip", ["gzip-10k"]),
  client("axios", "axios", "axios", ["buffered-*"]),
  client("got", "got", "got", ["buffered-*"]),
  client("ky", "ky", "ky", ["buffered-*"]),
  client("python-httpx", "Python HTTPX, as_completed", "python_httpx", ["fan-out-1000", "fan-out-10000"], {
    ...python,
    long: ["fan-out-10000"]
  }),
  client("python-aiohttp", "Python aiohttp, as_completed", "python_aiohttp", ["fan-out-1000", "fan-out-10000"], python),
  client("unadmitted", "no pool", "unadmitted", ["admission"], ours),
  client("admitted", "pool, a connection is free", "admitted", ["admission"], ours),
  client("queued", "pool, 50 wait before each", "queued", ["admission"], ours),
  client("layers", "Client.layer over Transport.layer", "layers", ["new-client"], ours),
  ...["in-process", "wire"].flatMap((transport) => {
    const scenario = [transport === "wire" ? "block-of-two-wire" : "block-of-two"]
    const two = (name: string, label: string) =>
      client(`two-${name}`, label, "two", scenario, { ours: true, mode: `${name} ${transport}` })
    return [
      two("plain", "two calls, one after the other"),
      two("block", "a parallel block of two"),
      two("concurrent", "Effect.all of two calls, concurrency 2")
    ]
  }),
  client("others-modules", "what it imports of others", "imported", ["import-*"], ours),
  client("entry-point", "the entry point", "imported", ["import-*"], ours)
]
