/**
 * From options to policies.
 */
import type * as Context from "effect/Context"
import { clientAuth } from "../policy/Auth.js"
import { withJar } from "../policy/Cookies.js"
import { clientHooks } from "../policy/Hooks.js"
import type { Policies } from "../policy/order.js"
import type { Fields } from "../protocol/Fields.js"
import { redirects } from "../policy/Redirects.js"
import type { ClientOptions } from "./ClientOptions.js"

/**
 * Those that the options ask for, and those that every client has. Effects of the options run in the context that the
 * client was made in.
 */
export const policiesOf = <R>(
  options: ClientOptions<R>,
  /** Those of the options and those that every client has. */
  headers: Fields,
  context: Context.Context<R>
): Policies => ({
  auth: clientAuth(options.auth, headers, context),
  redirects: redirects(options.followRedirects),
  cookies: options.cookies === undefined ? undefined : withJar(options.cookies),
  hooks: clientHooks(options.hooks, context)
})
