/** The program of a client's process: one job as argument, its measurement or its failure as message. */
import type { Open } from "./clients/client.js"
import { measure, type Job, type Measurement } from "./measure.js"

export type Answer =
  { readonly ok: true; readonly measurement: Measurement } | { readonly ok: false; readonly error: string }

const job = JSON.parse(process.argv[2] ?? "{}") as Job

const answer = (answer: Answer) => process.send?.(answer, () => process.exit())

process.on("disconnect", () => process.exit(1))

const run = async (): Promise<Measurement> => {
  const { open } = (await import(`./clients/${job.module}.js`)) as { readonly open: Open }
  const { ca, concurrency, mode, traced } = job
  const client = await open({ connections: concurrency, traced, ca, mode })
  const measurement = await measure(client, job)
  await client.close()
  return measurement
}

run().then(
  (measurement) => answer({ ok: true, measurement }),
  (error: unknown) => answer({ ok: false, error: String(error) })
)
