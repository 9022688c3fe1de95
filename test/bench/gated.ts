/** What the gate looks at: rows of ours whose ratio to the scenario's base means something in a short run. */
export const gated: ReadonlyArray<readonly [scenario: string, client: string]> = [
  ["buffered-50", "ours"],
  ["buffered-50", "ours-platform"],
  ["http2-50", "ours"],
  ["gzip-10k", "ours"],
  ["download", "ours"],
  ["upload", "ours"],
  ["fan-out-1000", "ours-next"],
  ["fan-out-50000", "ours-next"],
  ["fan-out-50000", "ours-in-order"],
  ["fan-out-50000", "ours-over"],
  ["fan-out-warm-10000", "ours-next"],
  ["import-index", "entry-point"],
  ["import-Client", "entry-point"]
]
