/**
 * Two clients in one application: a tag each, over one pool of connections.
 */
import { Client } from "effect-httpx"
import { Context, Effect, Layer } from "effect"

class Shop extends Context.Tag("Shop")<Shop, Client.Client>() {
  static readonly layer = Layer.effect(
    Shop,
    Client.make({ baseUrl: "https://shop.example.com/api", headers: { "x-api-key": "shop-key" } })
  )
}

class Bank extends Context.Tag("Bank")<Bank, Client.Client>() {
  static readonly layer = Layer.effect(
    Bank,
    Client.make({ baseUrl: "https://bank.example.com/v2", params: { currency: "EUR" }, timeout: "30 seconds" })
  )
}

/** Needs both clients, and says so in its type. */
const checkout = Effect.gen(function* () {
  const shop = yield* Shop
  const bank = yield* Bank
  const order = yield* shop.get("/orders/7")
  const payment = yield* bank.post("/payments", { json: yield* order.json })
  return [yield* order.text, yield* payment.text] as const
})

/** Needs an `HttpClient`: `Transport.layer()` in an application, `InProcess.layer(…)` in a test. */
export const program = checkout.pipe(Effect.provide(Layer.merge(Shop.layer, Bank.layer)))
