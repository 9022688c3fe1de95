/**
 * What of the options of a call, or of a client, is nothing that they can be: whoever is not held to types can give it.
 */
import { isAuth } from "../policy/auth/Auth.js"

interface Options {
  readonly auth?: unknown
  readonly followRedirects?: unknown
  readonly onInformational?: unknown
  readonly target?: unknown
}

/** `undefined` if there is no flaw. */
export const optionFlaw = ({ auth, followRedirects, onInformational, target }: Options): string | undefined => {
  if (auth !== undefined && auth !== null && !isAuth(auth)) return notAuth
  if (followRedirects !== undefined && !isFollowRedirects(followRedirects)) return notFollowRedirects
  if (onInformational !== undefined && typeof onInformational !== "function") return "onInformational is no function"
  return target === undefined || typeof target === "string" ? undefined : "target is no text"
}

export const notAuth = "auth is none: make one by Auth.basic, Auth.make…"

export const notFollowRedirects = "followRedirects is none of true, false, a policy and options"

export const isFollowRedirects = (given: unknown): boolean =>
  typeof given === "boolean" ||
  typeof given === "function" ||
  (typeof given === "object" && given !== null && isRedirectsOptions(given))

const isRedirectsOptions = (given: object): boolean => {
  const { max, policy, sensitiveFields }: Readonly<Record<string, unknown>> = { ...given }
  return (
    // What is no number allows none.
    (max === undefined || typeof max === "number") &&
    (policy === undefined || typeof policy === "function") &&
    (sensitiveFields === undefined || (Array.isArray(sensitiveFields) && sensitiveFields.every(isText)))
  )
}

const isText = (value: unknown): boolean => typeof value === "string"
