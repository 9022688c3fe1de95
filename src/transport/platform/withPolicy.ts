/**
 * A policy for any `HttpClient` of @effect/platform, ours or another: what it adds to the failures and to what is needed
 * shows in the client's type.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import { apply, type Policy } from "../../policy/Policy.js"
import { wireOf } from "./FromPlatform.js"
import { toHttpClient } from "./ToPlatform.js"

/** `E` and `R` are what the policy's own effects fail with and need. */
export const withPolicy =
  <E = never, R = never>(policy: Policy) =>
  <E2, R2>(
    client: HttpClient.HttpClient.With<E2, R2>
  ): HttpClient.HttpClient.With<E2 | E | HttpClientError, R2 | R> => {
    // What a client fails with beside its own errors passes through as it is, and what it needs is in the fiber that
    // asks: neither is looked at on the way, so that no type of an exchange names them.
    const wired = toHttpClient(apply(policy, wireOf(client as unknown as HttpClient.HttpClient)))
    return wired as unknown as HttpClient.HttpClient.With<E2 | E | HttpClientError, R2 | R>
  }
