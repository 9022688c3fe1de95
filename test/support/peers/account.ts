/** Whom proxies know. */
export interface Account {
  readonly username: string
  readonly password: string
}

/** Its characters have a meaning of their own in URLs. */
export const account: Account = { username: "jo", password: "p:w@1/2" }
