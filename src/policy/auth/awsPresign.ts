/**
 * URLs that AWS serves to whoever has them.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HttpxError } from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import { isAmzTime, presignedQuery, sha256Hex, unsignedPayload } from "../../protocol/sigv4.js"
import { make } from "../../Request.js"
import type { PresignOptions } from "./AwsOptions.js"
import { keysOf } from "./awsKeys.js"
import { signedTarget } from "./awsSigV4.js"
import { authError } from "./failures.js"

// What AWS takes.
const longest = 7 * 24 * 60 * 60

export const awsPresign = <E = never, R = never>(
  url: string | URL,
  options: PresignOptions<E, R>
): Effect.Effect<string, HttpxError | E, R> =>
  Effect.gen(function* () {
    const { credentials, expiresIn = "15 minutes", method = "GET", region, service, signBody } = options
    const request = make<never>(method, url)
    const { target } = request
    if (request.problem !== undefined) return yield* Effect.fail(request.problem)
    if (target instanceof Error) return yield* Effect.fail(target)
    const seconds = Math.floor(
      Option.match(Duration.decodeUnknown(expiresIn), { onNone: () => 0, onSome: Duration.toSeconds })
    )
    if (!(seconds >= 1 && seconds <= longest)) {
      return yield* Effect.fail(authError(request, undefined, "expiresIn is not between one second and seven days"))
    }
    const keys = keysOf(Effect.isEffect(credentials) ? yield* credentials : credentials)
    const time = yield* Clock.currentTimeMillis
    if (typeof keys === "string") return yield* Effect.fail(authError(request, undefined, keys))
    if (!isAmzTime(time))
      return yield* Effect.fail(authError(request, undefined, "the clock shows a time that cannot be signed"))
    const { path, query } = signedTarget(target, service)
    const signed = presignedQuery(
      {
        region,
        service,
        method: request.method,
        path,
        query,
        headers: new Fields(["host", target.authority]),
        // S3 cannot know what whoever uses the URL sends.
        payload: service === "s3" || signBody === false ? unsignedPayload : sha256Hex(new Uint8Array(0)),
        time,
        accessKeyId: keys.id,
        sessionToken: keys.token,
        expiresIn: seconds
      },
      keys.secret
    )
    return `${target.origin}${target.pathAndQuery.split("?", 1)[0]}?${signed}`
  })
