/**
 * The portable part: it runs wherever an `HttpClient` of @effect/platform runs.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as Auth from "./Auth.js"

/**
 * @since 0.1.0
 */
export * as Client from "./Client.js"

/**
 * @since 0.1.0
 */
export * as Cookies from "./Cookies.js"

/**
 * @since 0.1.0
 */
export * as Exchange from "./Exchange.js"

/**
 * @since 0.1.0
 */
export * as Hooks from "./Hooks.js"

/**
 * @since 0.1.0
 */
export * as HttpxError from "./HttpxError.js"

/**
 * @since 0.1.0
 */
export * as Multipart from "./Multipart.js"

/**
 * @since 0.1.0
 */
export * as Pagination from "./Pagination.js"

/**
 * @since 0.1.0
 */
export * as Parallel from "./Parallel.js"

/**
 * @since 0.1.0
 */
export * as Promises from "./Promises.js"

/**
 * @since 0.1.0
 */
export * as Redirects from "./Redirects.js"

/**
 * @since 0.1.0
 */
export * as Request from "./Request.js"

/**
 * @since 0.1.0
 */
export * as Response from "./Response.js"

/**
 * @since 0.1.0
 */
export * as Template from "./Template.js"

/**
 * @since 0.1.0
 */
export * as Upload from "./Upload.js"
