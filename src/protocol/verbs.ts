/**
 * The verbs of a client, all from one function, so that none can forget an option.
 */

/** One member for each verb, made from its method. */
export const verbs = <V>(verb: (method: string) => V) => ({
  get: verb("GET"),
  head: verb("HEAD"),
  options: verb("OPTIONS"),
  post: verb("POST"),
  put: verb("PUT"),
  patch: verb("PATCH"),
  del: verb("DELETE")
})
