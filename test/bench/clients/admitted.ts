/** Exchanges for which the pool has a connection free. */
import type { Open } from "./client.js"
import { openPool } from "./pool.js"

export const open: Open = () => openPool(0)
