/** The version of this package, as it names itself to servers. */
export const version = "0.1.0"
