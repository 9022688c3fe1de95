/**
 * What has to be known to sign for AWS.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { AwsCredentials, AwsScope } from "../../protocol/sigv4.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface AwsOptions<out E = never, out R = never> extends AwsScope {
  /** Keys, or an effect that gives them, which is run for each request. */
  readonly credentials: AwsCredentials | Effect.Effect<AwsCredentials, E, R>
  /**
   * Whether the body is signed too. Only S3 takes requests whose body is not, and then only over https. Default: `true`; for S3
   * not for a body that is a stream.
   */
  readonly signBody?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface PresignOptions<out E = never, out R = never> extends AwsOptions<E, R> {
  /** Default: GET. */
  readonly method?: string | undefined
  /** How long the URL is good for, in whole seconds; at most seven days. Default: 15 minutes. */
  readonly expiresIn?: Duration.DurationInput | undefined
}
