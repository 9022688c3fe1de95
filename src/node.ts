/**
 * What needs Node: our own wire.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Transport from "./transport/Transport.js"
