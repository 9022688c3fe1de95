/**
 * A jar in front of an exchange. The Cookie field is made when the request is sent, and what an answer sets is in the jar
 * before anybody sees that answer: of requests that run at once, each sends what has arrived until then.
 *
 * Cookies of the caller's own stay, and count before those of the jar with the same name.
 */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CookieJar } from "../cookies/CookieJar.js"
import { isCookieJar } from "../cookies/TypeId.js"
import { joinCookies } from "../protocol/cookieField.js"
import type { Fields } from "../protocol/Fields.js"
import type { Request } from "../Request.js"
import { cookiesIn } from "../request/cookies.js"
import type { Response } from "../Response.js"
import type { Policy } from "./Policy.js"
import { refusing } from "./refusing.js"

export const withJar = (jar: CookieJar): Policy => {
  if (!isCookieJar(jar)) return refusing("cookies is no jar: make one by Cookies.make")
  const sender = new Sender(jar)
  return {
    exchange: (exchange) => (request) => {
      if (request.settings.withoutJar) return exchange(request)
      const clock = request.call?.clock
      return Effect.suspend(() =>
        Effect.map(exchange(sender.prepare(request, clock)), (response) => received(jar, response, clock))
      )
    },
    start: (start) => (request, call, answered) => {
      if (request.settings.withoutJar) return start(request, call, answered)
      const { clock } = call
      start(sender.prepare(request, clock), call, (answer) => {
        if (!isExit(answer)) return answered(Effect.map(answer, (response) => received(jar, response, clock)))
        if (Exit.isSuccess(answer)) received(jar, answer.value, clock)
        answered(answer)
      })
    }
  }
}

const isExit = (answer: Effect.Effect<Response, unknown>): answer is Exit.Exit<Response, unknown> => Exit.isExit(answer)

/** The time of day, which is what cookies expire by. */
const nowOf = (clock: Clock | undefined): number => clock?.unsafeCurrentTimeMillis() ?? Date.now()

const received = (jar: CookieJar, response: Response, clock: Clock | undefined): Response => {
  const { setCookies } = response
  if (setCookies.length === 0) return response
  const { target } = response.request
  if (!(target instanceof Error)) jar.receive(setCookies, target, nowOf(clock))
  return response
}

/** Puts cookies into requests. */
class Sender {
  // A client's requests mostly have the same fields and are sent the same cookies; that section is inspected once.
  private last: { readonly headers: Fields; readonly cookie: string; readonly fields: Fields } | undefined = undefined

  constructor(private readonly jar: CookieJar) {}

  prepare<E>(request: Request<E>, clock: Clock | undefined): Request<E> {
    const { headers, target } = request
    // One that can go nowhere says so when it is sent.
    if (target instanceof Error) return request
    const sent = this.jar.sentTo(target, nowOf(clock))
    if (sent.length === 0) return request
    return request.withHeaders(this.fieldsFor(headers, joinCookies(cookiesIn(headers), sent)))
  }

  private fieldsFor(headers: Fields, cookie: string): Fields {
    const { last } = this
    if (last?.headers === headers && last.cookie === cookie) return last.fields
    const fields = headers.set("Cookie", cookie)
    this.last = { headers, cookie, fields }
    return fields
  }
}
