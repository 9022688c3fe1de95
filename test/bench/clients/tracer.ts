/** A tracer as an application installs one: every span is sampled and recorded, and dropped when it has ended. */
import { Tracer } from "effect"

class Recorded implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId = hex(16)
  readonly traceId: string
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly events: Array<readonly [name: string, time: bigint, attributes: Record<string, unknown> | undefined]> = []
  status: Tracer.SpanStatus

  constructor(
    readonly name: Tracer.Span["name"],
    readonly parent: Tracer.Span["parent"],
    readonly context: Tracer.Span["context"],
    readonly links: Array<Tracer.SpanLink>,
    startTime: bigint,
    readonly kind: Tracer.SpanKind
  ) {
    this.traceId = parent._tag === "Some" ? parent.value.traceId : hex(32)
    this.status = { _tag: "Started", startTime }
  }

  end(endTime: bigint, exit: Extract<Tracer.SpanStatus, { readonly _tag: "Ended" }>["exit"]): void {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
    recorded++
  }

  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }

  event(name: string, time: bigint, attributes?: Record<string, unknown>): void {
    this.events.push([name, time, attributes])
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.links.push(...links)
  }
}

let recorded = 0

/** Spans that have ended. */
export const recordedSpans = (): number => recorded

export const recording = Tracer.make({
  span: (name, parent, context, links, startTime, kind) =>
    new Recorded(name, parent, context, [...links], startTime, kind),
  context: (f) => f()
})

/** Cheap, so that the tracer is not what is measured. */
const hex = (length: number): string => {
  let text = ""
  while (text.length < length)
    text += Math.floor(Math.random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, "0")
  return text
}
