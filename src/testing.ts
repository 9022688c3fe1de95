/**
 * What tests need: a server that is a function.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as InProcess from "./transport/InProcess.js"
