/**
 * The one shape of every error answer: a stable code, what happened, and what to do about it.
 *
 * Example: `{ error: { code: 'PLM-461', message: 'There is no fleet "wep".', hint: 'Fleets here: web.' } }`.
 */
import { z } from 'zod'
import { component } from './components.ts'

export const Failure = component(
  'Error',
  z
    .object({
      error: z.object({
        code: z.string().describe('Stable; listed in the errors page of the documentation.'),
        message: z.string().describe('What was tried and what was seen.'),
        hint: z.string().describe('What to do about it.'),
      }),
    })
    .describe('Every answer that is not a success has this shape.'),
)

/** Answers any route may give before it is reached: bad request, token, Host and Origin, defects, the store. */
export const COMMON_FAILURES = {
  400: Failure,
  401: Failure,
  403: Failure,
  421: Failure,
  500: Failure,
  503: Failure,
} as const

/** For routes that name a fleet or metric. */
export const NAMED_FAILURES = { ...COMMON_FAILURES, 404: Failure } as const

/** For routes that take a body. */
export const POST_FAILURES = { ...NAMED_FAILURES, 413: Failure, 415: Failure, 429: Failure } as const
