/**
 * What every act of an operator says of itself: who, why and for how long.
 *
 * Example: `{ "who": "ada", "why": "sale", "forMs": 7200000 }`.
 */
import { z } from 'zod'

/** Said in terminals and logs, so nothing in it may move a cursor. */
const PRINTABLE = /^\P{Cc}*$/u
const TEN_YEARS_MS = 10 * 366 * 86_400_000

const said = (most: number) => z.string().trim().max(most).regex(PRINTABLE, 'no control characters')

export const byFields = {
  who: said(100).min(1).describe('Who asks for it.'),
  why: said(1000).default('').describe('Why; kept with the act.'),
}

export const ByBody = z.strictObject(byFields)

export const orderFields = {
  ...byFields,
  forMs: z
    .number()
    .int()
    .min(1)
    .max(TEN_YEARS_MS)
    .nullable()
    .default(null)
    .describe('How long it is in force; null until it is cleared.'),
}
