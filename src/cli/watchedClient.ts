/** A client whose requests can be asked, by their tags, what they are doing before they are answered. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Client, type Exchange } from "../index.js"
import type { Phase } from "../HttpxError.js"
import { wireOf } from "../transport/platform/FromPlatform.js"
import { toHttpClient } from "../transport/platform/ToPlatform.js"
import type { Stage } from "./progress.js"

export class Watch {
  private readonly calls = new Map<unknown, Exchange.Call>()

  /** What the request with this tag is doing. */
  stageOf(tag: unknown): Stage {
    return stages[this.calls.get(tag)?.phase ?? "prepare"]
  }

  /** It is over. */
  forget(tag: unknown): void {
    this.calls.delete(tag)
  }

  /** The same client, watched. */
  readonly over = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
    const wire = wireOf(client)
    const exchange: Exchange.Exchange = (request) => {
      if (request.call !== undefined) this.calls.set(request.tag, request.call)
      return wire.exchange(request)
    }
    return toHttpClient({ ...wire, exchange })
  }
}

const stages: Record<Phase, Stage> = {
  prepare: "queued",
  queue: "queued",
  dns: "connecting",
  connect: "connecting",
  proxy: "connecting",
  tls: "connecting",
  send: "waiting",
  wait: "waiting",
  read: "receiving"
}

export const watchedClient = (watch: Watch): Layer.Layer<Client.Client, never, HttpClient.HttpClient> =>
  Layer.provide(Client.layer(), Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, watch.over)))
