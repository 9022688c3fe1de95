/**
 * What a server says before it answers (RFC 9110 §15.2): 100 Continue, 103 Early Hints…
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Informational {
  /** 100, or 102 to 199. */
  readonly status: number
  readonly reasonPhrase: string
  /** The fields as they came: order, case and duplicates. */
  readonly rawHeaders: ReadonlyArray<readonly [name: string, value: string]>
}
