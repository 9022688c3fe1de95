/** What an application does that runs everywhere: it has no types of Node, and no transport of ours. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import { Client, Exchange, Hooks, HttpxError, Pagination, Parallel, Promises, Request, Response } from "effect-httpx"
import * as ClientPath from "effect-httpx/Client"
import * as ExchangePath from "effect-httpx/Exchange"
import * as HooksPath from "effect-httpx/Hooks"
import * as HttpxErrorPath from "effect-httpx/HttpxError"
import * as PaginationPath from "effect-httpx/Pagination"
import * as ParallelPath from "effect-httpx/Parallel"
import * as PromisesPath from "effect-httpx/Promises"
import * as RequestPath from "effect-httpx/Request"
import * as ResponsePath from "effect-httpx/Response"
import * as Testing from "effect-httpx/testing"

/** Each module as the entry has it and as its sub-path has it: they are one. */
export const modules: ReadonlyArray<readonly [object, object]> = [
  [Client, ClientPath],
  [Exchange, ExchangePath],
  [Hooks, HooksPath],
  [HttpxError, HttpxErrorPath],
  [Pagination, PaginationPath],
  [Parallel, ParallelPath],
  [Promises, PromisesPath],
  [Request, RequestPath],
  [Response, ResponsePath]
]

export const testing: object = Testing

export const text = (url: string): Effect.Effect<string, HttpxError.HttpxError, Client.Client> =>
  Effect.flatMap(Client.get(url), (response) => response.text)

export const textOverFetch = (url: string): Effect.Effect<string, HttpxError.HttpxError> =>
  text(url).pipe(Effect.provide(Client.layer()), Effect.provide(FetchHttpClient.layer))
