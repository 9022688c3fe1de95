/**
 * The parameters of a `Content-Type`, as servers write them.
 *
 * @since 0.1.0
 */

// A parameter may follow anything that ends another one, so that `text/html charset=x` and two fields joined by a comma
// are understood too. A quoted value is consumed whole: what looks like a parameter inside it is none.
const parameter = /(?:^|[;,\s])([^\s=;,"]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"?|([^;,\s]*))/g

/**
 * Names in lower case, values without quotes and escapes, in their order.
 *
 * @since 0.1.0
 * @category parsing
 */
export function* parametersIn(text: string): Generator<readonly [name: string, value: string]> {
  for (const [, name = "", quoted, plain = ""] of text.matchAll(parameter)) {
    // Single quotes mean nothing in RFC 9110 §5.6.4, but servers send them.
    const value = quoted === undefined ? plain.replace(/^'(.*)'$/, "$1") : quoted.replace(/\\([^])/g, "$1")
    yield [name.toLowerCase(), value]
  }
}
