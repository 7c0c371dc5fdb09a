/**
 * The keys of what becomes of sessions, of health and of repair, and of the room that is kept free.
 *
 * Example: `sessions: { slotsPerInstance: 20, reserve: 25% }` reads as 20 slots on each instance, of which a quarter of all
 * open ones is to be free.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { parseShare } from './expression/units.ts'
import { key } from './key.ts'
import { argv, duration, environment, integer, MAX_COUNT, refusal, share, urlPath } from './values.ts'

export const MAX_SLOTS = 1_000_000

export type Reserve =
  | { readonly kind: 'slots'; readonly slots: number }
  | { readonly kind: 'ratio'; readonly ratio: number }

const RESERVE_HINT = 'write a number of slots, e.g. 20, or a percentage of all slots, e.g. 25%'

/** Slots, or a share of all of them; a bare 0.25 could be either. */
export const reserve = z
  .union([z.number(), z.string()], {
    error: () => refusal(CODES.wrongType, 'expected slots or a percentage, found {value}', RESERVE_HINT),
  })
  .meta({
    description: 'Free slots: a number of them, or a percentage of all slots.',
    'x-examples': [20, '25%'],
    'x-kind': 'a number of slots or a percentage',
  })
  .transform((written, context): Reserve => {
    if (typeof written === 'number' && Number.isInteger(written) && written > 0 && written <= MAX_SLOTS) {
      return { kind: 'slots', slots: written }
    }
    const ratio = typeof written === 'string' && written.trim().endsWith('%') ? parseShare(written) : null
    if (ratio !== null && ratio > 0 && ratio < 1) return { kind: 'ratio', ratio }
    const message =
      ratio !== null
        ? refusal(CODES.range, '{value} is not between 0% and 100%', RESERVE_HINT)
        : refusal(CODES.malformed, '{value} is neither a number of slots nor a percentage', RESERVE_HINT)
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Of a rule. */
export const reserveSchema = z.strictObject({
  slots: key(
    reserve,
    'Slots to keep free: so many, or this percentage of the slots of all open instances.',
    20,
    '25%',
  ),
})

export const PLACEMENTS = ['pack', 'spread', 'power-of-two', 'rendezvous'] as const
const PAST_DEADLINE = ['keep', 'reopen', 'force'] as const
/** The operator's word. Written out as a key, it would make what has it look like a promise. */
const THEN = 'then'

export const drainSchema = z.strictObject({
  deadline: key(
    duration({ min: 1000 }).optional(),
    'How long an instance may stay closed with sessions on it. Default: as long as they last.',
    '4h',
  ),
  [THEN]: key(
    z.enum(PAST_DEADLINE).default('keep'),
    'After the deadline: keep waiting and tell (keep), take new sessions again (reopen), or end it with its sessions (force).',
    'keep',
  ),
})

export const waitingSchema = z.strictObject({
  most: key(
    integer(0, 1_000_000).default(1000),
    'Requests that may wait for room; further ones are refused.',
    1000,
  ),
  longest: key(
    duration({ max: 3_600_000 }).prefault('30s'),
    'The longest a request may wait for room.',
    '30s',
  ),
})

export const sessionsSchema = z.strictObject({
  slotsPerInstance: key(
    integer(1, MAX_SLOTS).optional(),
    'Room for so many sessions (of one slot each) on one instance.',
    20,
  ),
  reserve: key(
    reserve.optional(),
    'Slots to keep free on the open instances: so many, or a percentage of all. Short for a rule named "reserve" with this `reserve`.',
    '25%',
    20,
  ),
  placement: key(
    z.enum(PLACEMENTS).default('pack'),
    'Where the broker places a session: where there is least room left (pack, which makes drains short), most room (spread), the better of two at random (power-of-two), or where its id belongs (rendezvous).',
    'pack',
  ),
  lease: key(
    duration({ min: 1000, max: 30 * 86_400_000 }).optional(),
    'A session without a sign of life for so long has ended. Default: it ends only when it is released.',
    '2m',
  ),
  drain: key(drainSchema.prefault({}), 'How long a closed instance may wait for the end of its sessions.', {
    deadline: '4h',
    [THEN]: 'keep',
  }),
  waiting: key(waitingSchema.prefault({}), 'Requests for a session that wait for room.', {
    most: 1000,
    longest: '30s',
  }),
  mayCut: key(
    z.boolean().default(false),
    'On a target that cannot choose which instance goes: scaling in may end sessions.',
    false,
  ),
})

// ---- Health ----------------------------------------------------------------------------------------------

const port = integer(1, 65_535)
const folder = z.string().min(1).max(4096).optional()

const httpProbe = z.strictObject({
  path: key(urlPath.prefault('/healthz'), 'Path asked with GET.', '/healthz'),
  port: key(port.optional(), "Port to ask. Default: that of the instance's address.", 8080),
})
const tcpProbe = z.strictObject({
  port: key(port.optional(), "Port to connect to. Default: that of the instance's address.", 8080),
})
const commandProbe = z.strictObject({
  command: key(
    argv,
    'Exit status 0 is healthy; what it prints may say more. It gets the instance as PLIMSOLL_INSTANCE and PLIMSOLL_ADDRESS.',
    ['./well.sh'],
  ),
  env: key(environment.default({}), 'Environment variables added to those of Plimsoll.', { TEAM: 'rooms' }),
  cwd: key(
    folder,
    "Folder it runs in, counted from the configuration file's folder (the default).",
    'scripts',
  ),
})

/** What each probe is given. */
export const probeOptions = { http: httpProbe, tcp: tcpProbe, command: commandProbe } as const
export type HttpProbeOptions = z.output<typeof httpProbe>
export type TcpProbeOptions = z.output<typeof tcpProbe>
export type CommandProbeOptions = z.output<typeof commandProbe>

/** The keys of which `health` has exactly one. */
export const PROBES = ['http', 'tcp', 'command'] as const
export type ProbeType = (typeof PROBES)[number]

function eitherForm(what: string, hint: string) {
  return { error: () => refusal(CODES.wrongType, `expected ${what}, found {value}`, hint) }
}

export const healthSchema = z.strictObject({
  http: key(
    z.union([urlPath, httpProbe], eitherForm('a path or { path, port }', 'write http: /healthz')).optional(),
    'Asks with GET: a status from 200 to 299 is healthy; a JSON body may say more.',
    '/healthz',
    { path: '/healthz', port: 8081 },
  ),
  tcp: key(
    z.union([port, tcpProbe], eitherForm('a port or { port }', 'write tcp: 8080, or tcp: {}')).optional(),
    "Healthy when a connection can be made; `{}` takes the port of the instance's address.",
    8080,
  ),
  command: key(
    z
      .union(
        [argv, commandProbe],
        eitherForm('a list or { command, env, cwd }', 'write command: [./well.sh]'),
      )
      .optional(),
    'Healthy when a command says so.',
    ['./well.sh'],
  ),
  every: key(
    duration({ min: 100, max: 3_600_000 }).prefault('5s'),
    'How often each instance is asked.',
    '5s',
  ),
  timeout: key(
    duration({ min: 10, max: 600_000 }).prefault('2s'),
    'No answer within this is a failure.',
    '2s',
  ),
  grace: key(
    duration({ max: 86_400_000 }).prefault('30s'),
    'For so long after an instance became ready (or was restarted), failures do not count.',
    '30s',
  ),
  suspectAfter: key(
    integer(1, 1000).default(3),
    'Failures in a row after which it takes no new sessions.',
    3,
  ),
  unhealthyAfter: key(integer(1, 1000).default(6), 'Failures in a row after which it is repaired.', 6),
  healthyAfter: key(integer(1, 1000).default(2), 'Good answers in a row after which it is healthy again.', 2),
})

/** So many, or a share of the fleet. */
const counted = integer(1, MAX_COUNT).transform(count => ({ count, ratio: 0 }))
// As a text: a bare 0.05 and a bare 1 would be two kinds of number.
const shared = z
  .string()
  .meta({ 'x-kind': 'a percentage' })
  .transform((written, context) => {
    const ratio = parseShare(written)
    if (ratio !== null && ratio > 0 && ratio <= 1) return { count: 1, ratio }
    context.addIssue({
      code: 'custom',
      message: refusal(CODES.malformed, '{value} is no percentage', 'write 1, or 5%'),
    })
    return z.NEVER
  })
const atOnce = z.union([counted, shared], {
  error: () => refusal(CODES.wrongType, 'expected a count or a percentage, found {value}', 'write 1, or 5%'),
})

export const repairSchema = z.strictObject({
  how: key(
    z.enum(['replace', 'restart']).default('replace'),
    'replace: launch another one, then let the unhealthy one go; restart: restart it where it is, if the target can.',
    'replace',
  ),
  atOnce: key(
    atOnce.optional(),
    'How many are repaired at a time. Default: one, or 5 % of the fleet.',
    1,
    '5%',
  ),
  maxUnhealthy: key(
    share.prefault('40%'),
    'Beyond this share of unhealthy or silent instances one cause is likely: nothing is closed or terminated.',
    '40%',
  ),
  freeze: key(
    duration({ min: 1000, max: 7 * 86_400_000 }).prefault('30m'),
    'The longest such a freeze lasts; afterwards one at a time is repaired.',
    '30m',
  ),
})
