/**
 * Keys of AWS as they are given.
 */
import * as Predicate from "effect/Predicate"
import type { AwsCredentials } from "../../protocol/sigv4.js"
import { secretOf, wiped } from "./secret.js"

export interface AwsKeys {
  readonly id: string
  readonly secret: string
  /** Of keys that are temporary. */
  readonly token: string | undefined
}

/** A text is what is wrong with them. */
export const keysOf = (credentials: AwsCredentials): AwsKeys | string => {
  if (!Predicate.isObject(credentials) || typeof credentials.accessKeyId !== "string") {
    return "the credentials are none of AWS: accessKeyId and secretAccessKey"
  }
  const { accessKeyId: id, secretAccessKey, sessionToken } = credentials
  const secret = secretOf(secretAccessKey)
  const token = sessionToken === undefined ? undefined : secretOf(sessionToken)
  return secret === undefined || (sessionToken !== undefined && token === undefined) ? wiped : { id, secret, token }
}
