/**
 * What an instance says of its load, and what it is answered.
 *
 * Example: `{ "slots": 3 }` is answered `{ "admission": "closed", "close": "k3f9.2" }`; the instance stops taking sessions, and
 * says so with its next report: `{ "slots": 2, "closed": "k3f9.2" }`.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { Span } from './session.ts'

const MOST_SLOTS = 1_000_000
const SHORTEST_LEASE_MS = 1_000
const LONGEST_LEASE_MS = 86_400_000
const LONGEST_REST_MS = 366 * 86_400_000
const MOST_WORTH = 1e9
export const LONGEST_REPORT_WAIT_MS = 60_000

export const LoadReportBody = component(
  'LoadReport',
  z.strictObject({
    slots: z.number().min(0).max(MOST_SLOTS).describe('In use now.'),
    lease: Span.pipe(z.number().min(SHORTEST_LEASE_MS).max(LONGEST_LEASE_MS))
      .optional()
      .describe(
        'Without another report for so long the load is unknown. "30s", or milliseconds; the router’s own when left out.',
      ),
    remainingMs: z
      .number()
      .min(0)
      .max(LONGEST_REST_MS)
      .optional()
      .describe('How much longer its sessions are expected to last.'),
    worth: z
      .number()
      .min(0)
      .max(MOST_WORTH)
      .optional()
      .describe('What ending it would cost besides (a warm cache); the higher, the later it is closed.'),
    incarnation: z
      .string()
      .max(200)
      .optional()
      .describe('Tells it from others that had its id before, where the target says it too.'),
    closed: z
      .string()
      .max(100)
      .optional()
      .describe(
        '`close` of the answer it goes by: it takes no more sessions, and `slots` was counted after that.',
      ),
    waitMs: z
      .number()
      .min(0)
      .max(LONGEST_REPORT_WAIT_MS)
      .optional()
      .describe('Answers when the answer is another than `closed` says, at the latest after so long.'),
  }),
)

export const AdmittedWire = component(
  'Admitted',
  z.object({
    admission: z
      .enum(['open', 'closed'])
      .describe('closed: it must take no more sessions; those it has go on.'),
    close: z
      .string()
      .nullable()
      .describe('Say it as `closed` once no more sessions are taken; null while open.'),
  }),
)
