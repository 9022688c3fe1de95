/** Exchanges for which the pool has no connection free, so that each is the last in a queue. */
import type { Open } from "./client.js"
import { openPool } from "./pool.js"

export const open: Open = () => openPool(51)
