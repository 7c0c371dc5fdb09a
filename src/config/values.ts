/**
 * The kinds of single values a configuration is made of (duration, share, name, time of day, address ...): what is
 * written, what it becomes in code units, and the words for a wrong one.
 *
 * Example: `duration({ min: 100 })` turns `5m` into 300000, and answers `5` with
 * "5 has no unit", hint "write 5m or 5s".
 *
 * A refusal is one text, `CODE: message` and the hint on a second line; `{value}` in it is filled in by whoever
 * knows whether the value may be shown.
 */
import { z } from 'zod'
import type { TimeOfDay } from '../model/schedule.ts'
import { CODES, type Code } from './codes.ts'
import {
  compoundDurationMs,
  formatDuration,
  isDurationUnit,
  parseDuration,
  parseShare,
  suggestUnit,
} from './expression/units.ts'
import { isTimeZone, nearestTimeZone } from './zone.ts'

export interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

export function refusal(code: Code, message: string, hint = ''): string {
  return hint === '' ? `${code}: ${message}` : `${code}: ${message}\n${hint}`
}

/** The reverse of `refusal`; `null` for a text that is none. */
export function readRefusal(text: string): Refusal | null {
  const match = /^(PLM-\d{3}): ([^\n]*)(?:\n(.*))?$/s.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) return null
  return { code: match[1], message: match[2], hint: match[3] ?? null }
}

interface Described {
  readonly description: string
  readonly examples: readonly unknown[]
  /** The kind's name in the reference. */
  readonly kind: string
  readonly pattern?: string
}

/** Metadata of a kind. A pattern lets references through, whatever they will give. */
function described(meta: Described): Record<string, unknown> {
  const { description, examples, kind, pattern } = meta
  return {
    description,
    // Not "examples": zod takes those of a value that is transformed for examples of what comes out.
    'x-examples': examples,
    'x-kind': kind,
    ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$|\\$\\{` }),
  }
}

type Verdict<T> = { readonly value: T } | { readonly refused: string }

/** A text that is read by `read`. `wrongType` is the refusal of anything else. */
function textKind<T>(
  meta: Described,
  wrongType: string | ((input: unknown) => string),
  read: (text: string) => Verdict<T>,
) {
  const wrong = (input: unknown): string => (typeof wrongType === 'string' ? wrongType : wrongType(input))
  return z
    .string({ error: issue => (issue.input === undefined ? undefined : wrong(issue.input)) })
    .meta(described(meta))
    .transform((text, context): T => {
      const verdict = read(text)
      if ('value' in verdict) return verdict.value
      context.addIssue({ code: 'custom', message: verdict.refused })
      return z.NEVER
    })
}

function patternKind(
  meta: Described & { readonly pattern: string },
  hint: string,
  code: Code = CODES.malformed,
) {
  const pattern = new RegExp(`^(?:${meta.pattern})$`, 'u')
  return textKind(
    meta,
    refusal(CODES.wrongType, `expected ${meta.kind}, found {value}`, 'put it in quotes'),
    text =>
      pattern.test(text) ? { value: text } : { refused: refusal(code, `{value} is not ${meta.kind}`, hint) },
  )
}

const YEAR_MS = 366 * 24 * 3600 * 1000

export function duration(limits: { readonly min?: number; readonly max?: number } = {}) {
  const min = limits.min ?? 0
  const max = limits.max ?? YEAR_MS
  return textKind(
    {
      description: 'A length of time: a number with ms, s, m, h, d or w.',
      examples: ['30s', '5m'],
      kind: 'a duration',
      pattern: '\\s*\\d+(?:\\.\\d+)?(?:ms|s|m|h|d|w)\\s*',
    },
    input =>
      typeof input === 'number'
        ? refusal(CODES.duration, '{value} has no unit', 'write {value}m or {value}s')
        : refusal(
            CODES.wrongType,
            'expected a duration, found {value}',
            'write a number and a unit: 500ms, 5s, 45m, 2h, 7d',
          ),
    text => {
      if (/^\s*\d+(\.\d+)?\s*$/.test(text)) {
        return { refused: refusal(CODES.duration, '{value} has no unit', 'write {value}m or {value}s') }
      }
      const ms = parseDuration(text)
      if (ms === null) {
        const meant = meantDuration(text.trim())
        const hint = meant === null ? 'write a number and a unit: 500ms, 5s, 45m, 2h, 7d' : `write ${meant}`
        return { refused: refusal(CODES.duration, '{value} is not a duration', hint) }
      }
      if (ms < min)
        return {
          refused: refusal(
            CODES.range,
            `{value} is shorter than ${formatDuration(min)}`,
            `the shortest allowed is ${formatDuration(min)}`,
          ),
        }
      if (ms > max)
        return {
          refused: refusal(
            CODES.range,
            `{value} is longer than ${formatDuration(max)}`,
            `the longest allowed is ${formatDuration(max)}`,
          ),
        }
      return { value: ms }
    },
  )
}

/** `1h30m` means 90m, `5 minutes` means 5m. */
function meantDuration(text: string): string | null {
  const compound = compoundDurationMs(text)
  if (compound !== null) return formatDuration(compound)
  const [, amount, word] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]{1,12})$/.exec(text) ?? []
  const unit = word === undefined ? null : suggestUnit(word)
  return amount === undefined || unit === null || !isDurationUnit(unit) ? null : `${amount}${unit}`
}

export function integer(min: number, max: number) {
  return z.int().min(min).max(max)
}

/** `25%` or 0.25, as a ratio from 0 to 1. */
export const share = z
  .union([z.string(), z.number()], {
    error: ({ input }) =>
      input === undefined
        ? undefined
        : refusal(CODES.wrongType, 'expected a share, found {value}', 'write 25% or 0.25'),
  })
  .meta(
    described({
      description: 'A share: a percentage in quotes or a ratio from 0 to 1.',
      examples: ['25%', 0.25],
      kind: 'a share',
    }),
  )
  .transform((written, context): number => {
    const ratio = parseShare(written)
    if (ratio !== null && ratio >= 0 && ratio <= 1) return ratio
    const message =
      ratio === null
        ? refusal(CODES.malformed, '{value} is not a share', 'write 25% or 0.25')
        : refusal(CODES.range, '{value} is not between 0% and 100%', shareMeant(written))
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Percent without its sign is what is mostly meant. */
function shareMeant(written: string | number): string {
  const isPercent = typeof written === 'number' && written > 1 && written <= 100
  return isPercent ? `did you mean ${written}%?` : 'write 25% or 0.25'
}

export type By =
  | { readonly kind: 'by'; readonly instances: number }
  | { readonly kind: 'percent'; readonly ratio: number }

const BY_HINT = 'write 1, -2, "20%" or "-20%"'

/** How many instances more (or fewer), or what share. */
export const by = z
  .union([z.string(), z.number()], {
    error: () => refusal(CODES.wrongType, 'expected a count or a percentage, found {value}', BY_HINT),
  })
  .meta(
    described({
      description: 'Instances to add (negative: to remove), or a percentage of the current count.',
      examples: [1, '-20%'],
      kind: 'a count or a percentage',
    }),
  )
  .transform((written, context): By => {
    const ratio = typeof written === 'string' && written.includes('%') ? parseShare(written) : null
    const count = typeof written === 'number' ? written : /^[+-]?\d+$/.test(written) ? Number(written) : null
    let refused = refusal(CODES.malformed, '{value} is neither a count nor a percentage', BY_HINT)
    if (ratio !== null) {
      if (ratio !== 0 && ratio >= -1 && ratio <= 100) return { kind: 'percent', ratio }
      refused = refusal(CODES.range, '{value} is not between -100% and 10000%, or is nothing', BY_HINT)
    } else if (count !== null) {
      if (Number.isInteger(count) && count !== 0 && Math.abs(count) <= MAX_COUNT)
        return { kind: 'by', instances: count }
      refused = refusal(
        CODES.range,
        `{value} is not a whole number from -${MAX_COUNT} to ${MAX_COUNT} other than 0`,
        BY_HINT,
      )
    }
    context.addIssue({ code: 'custom', message: refused })
    return z.NEVER
  })

/** More instances than this no fleet has. */
export const MAX_COUNT = 100_000

export const name = patternKind(
  {
    description:
      'A name: letters, digits, spaces and - _ . (at most 64), beginning and ending with a letter or digit.',
    examples: ['Scale up'],
    kind: 'a name',
    pattern: '[\\p{L}\\p{N}](?:[\\p{L}\\p{N} _.\\-]{0,62}[\\p{L}\\p{N}])?',
  },
  'use letters, digits, spaces and - _ . (at most 64 characters), first and last a letter or digit',
)

/** Fleets are named in addresses, cookies and file names, so in ASCII. */
export const fleetName = patternKind(
  {
    description: 'The name of a fleet.',
    examples: ['web'],
    kind: 'a fleet name',
    pattern: '[A-Za-z0-9](?:[A-Za-z0-9 _.\\-]{0,62}[A-Za-z0-9])?',
  },
  'use the letters a to z, digits, spaces and - _ . (at most 64 characters), first and last a letter or digit',
)

/** A word of the expression language. */
export const word = patternKind(
  {
    description: 'A word that expressions use: letters, digits, _ and inner - or . (at most 64 characters).',
    examples: ['cpu'],
    kind: 'a word',
    pattern: '(?!.{65})[\\p{L}\\p{N}][\\p{L}\\p{N}_]*(?:[.\\-]+[\\p{L}\\p{N}_]+)*',
  },
  'expressions name it: use letters, digits and _, with - or . between them (at most 64 characters, no spaces)',
)

export const expression = textKind(
  { description: 'An expression, in quotes.', examples: ['avg(cpu, 5m) > 80%'], kind: 'an expression' },
  refusal(
    CODES.wrongType,
    'expected an expression, found {value}',
    'write it as a text, e.g. "avg(cpu, 5m) > 80%"',
  ),
  // What is wrong with its text the expression language says, with a column.
  text => ({ value: text }),
)

export const timeOfDay = textKind<TimeOfDay>(
  {
    description: 'A local time of day.',
    examples: ['08:00'],
    kind: 'a time of day',
    pattern: '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?',
  },
  refusal(CODES.wrongType, 'expected a time of day, found {value}', 'write "08:00"'),
  text => {
    const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text)
    if (match === null)
      return {
        refused: refusal(
          CODES.malformed,
          '{value} is not a time of day',
          'write HH:MM or HH:MM:SS from 00:00 to 23:59:59, e.g. "08:00"',
        ),
      }
    return { value: { hour: Number(match[1]), minute: Number(match[2]), second: Number(match[3] ?? 0) } }
  },
)

export const date = textKind(
  { description: 'A date.', examples: ['2026-12-24'], kind: 'a date', pattern: '\\d{4}-\\d{2}-\\d{2}' },
  refusal(CODES.wrongType, 'expected a date, found {value}', 'write "2026-12-24"'),
  text =>
    isDate(text)
      ? { value: text }
      : { refused: refusal(CODES.date, '{value} is not a date', 'write YYYY-MM-DD, e.g. "2026-12-24"') },
)

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?)?(Z|[+-]\d{2}:\d{2})?$/

/** Left as text: a local one means something only together with the schedule's time zone. */
export const dateTime = textKind(
  {
    description: 'A date and time; without an offset it is local to the time zone of the schedule.',
    examples: ['2026-12-24T18:00', '2026-12-24T17:00Z'],
    kind: 'a date and time',
    pattern: '\\d{4}-\\d{2}-\\d{2}(?:[T ]\\d{2}:\\d{2}(?::\\d{2})?)?(?:Z|[+\\-]\\d{2}:\\d{2})?',
  },
  refusal(CODES.wrongType, 'expected a date and time, found {value}', 'write "2026-12-24T18:00"'),
  text => {
    const match = DATE_TIME.exec(text)
    if (match?.[1] !== undefined && isDate(match[1])) return { value: text }
    return {
      refused: refusal(
        CODES.date,
        '{value} is not a date and time',
        'write YYYY-MM-DDTHH:MM, e.g. "2026-12-24T18:00"',
      ),
    }
  },
)

export const timeZone = textKind(
  {
    description: 'A time zone: its IANA name, or a fixed offset from UTC.',
    examples: ['Europe/London', '+02:00'],
    kind: 'a time zone',
  },
  refusal(CODES.wrongType, 'expected a time zone, found {value}', 'write e.g. "Europe/London" or "+02:00"'),
  text => {
    if (isTimeZone(text)) return { value: text }
    const near = nearestTimeZone(text)
    const hint =
      near === null
        ? 'write an IANA name such as Europe/London, or an offset such as "+02:00"'
        : `did you mean ${near}?`
    return { refused: refusal(CODES.timeZone, '{value} is not a known time zone', hint) }
  },
)

export interface Listen {
  readonly host: string
  readonly port: number
}

export const listen = textKind<Listen>(
  {
    description: 'An address and port to listen on; port 0 takes a free one.',
    examples: ['127.0.0.1:7070'],
    kind: 'an address',
    pattern: '(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.\\-]+):\\d{1,5}',
  },
  refusal(
    CODES.wrongType,
    'expected an address, found {value}',
    'write host and port, e.g. "127.0.0.1:7070"',
  ),
  text => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
    const port = Number(match?.[3])
    const host = match?.[1] ?? match?.[2]
    if (host !== undefined && port <= 65535) return { value: { host, port } }
    return {
      refused: refusal(
        CODES.malformed,
        '{value} is not an address to listen on',
        'write host and port (at most 65535), e.g. "127.0.0.1:7070"',
      ),
    }
  },
)

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

export const httpUrl = textKind(
  {
    description: 'An http or https address.',
    examples: ['http://127.0.0.1:9000/stats'],
    kind: 'an http address',
    pattern: 'https?://.+',
  },
  refusal(
    CODES.wrongType,
    'expected an http address, found {value}',
    'write e.g. "http://127.0.0.1:9000/stats"',
  ),
  text =>
    /^https?:\/\//.test(text) && URL.canParse(text)
      ? { value: text }
      : {
          refused: refusal(
            CODES.malformed,
            '{value} is not an http address',
            'write e.g. "http://127.0.0.1:9000/stats"',
          ),
        },
)

export const smtpUrl = patternKind(
  {
    description: 'The address of a mail server, with credentials where it wants them.',
    examples: ['${env:SMTP_URL}'],
    kind: 'the address of a mail server',
    pattern: 'smtps?://\\S+',
  },
  'write smtp://user:password@host:587, best as "${env:SMTP_URL}"',
)

export const pointer = patternKind(
  {
    description: 'A JSON Pointer (RFC 6901) to the number inside the answer; empty for the whole answer.',
    examples: ['/queue/length'],
    kind: 'a JSON Pointer',
    pattern: '(?:/(?:[^~/]|~[01])*)*',
  },
  'begin every step with a slash, e.g. "/queue/length"',
)

export const urlPath = patternKind(
  { description: 'The path of an http address.', examples: ['/health'], kind: 'a path', pattern: '/[!-~]*' },
  'begin with a slash, e.g. /health',
)

export const secret = textKind(
  {
    description: 'A secret of at least 8 characters, by reference.',
    examples: ['${env:PLIMSOLL_TOKEN}'],
    kind: 'a secret',
  },
  refusal(CODES.wrongType, 'expected a secret as a text', 'write "${env:NAME}"'),
  text =>
    text.length >= 8 && text.length <= 4096
      ? { value: text }
      : {
          refused: refusal(
            CODES.malformed,
            'a secret must have 8 to 4096 characters',
            'make one with: openssl rand -hex 16',
          ),
        },
)

/** A command and its arguments, started without a shell. */
export const argv = z
  .array(
    z.string({
      error: issue =>
        issue.input === undefined
          ? undefined
          : refusal(
              CODES.wrongType,
              '{value} is not a text',
              'every part of a command line is a text: put it in quotes',
            ),
    }),
    {
      error: issue => {
        if (issue.input === undefined) return undefined
        return issue.code === 'invalid_type'
          ? refusal(
              CODES.wrongType,
              'a command is a list, found {value}',
              'write the program and each argument apart: [node, app.mjs]',
            )
          : undefined
      },
    },
  )
  .min(1, {
    error: refusal(
      CODES.malformed,
      'the command is empty',
      'write the program and its arguments: [node, app.mjs]',
    ),
  })
  .max(256)
  .meta({
    description: 'A command and its arguments, started without a shell.',
    'x-examples': [['node', 'app.mjs']],
    'x-kind': 'a command',
  })

export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
      error: refusal(
        CODES.malformed,
        'an environment variable is named with letters, digits and _, not beginning with a digit',
        '',
      ),
    }),
    z.string({
      error: issue =>
        issue.input === undefined
          ? undefined
          : refusal(
              CODES.wrongType,
              '{value} is not a text',
              'the environment holds texts: put it in quotes',
            ),
    }),
  )
  .meta({
    description: 'Environment variables of the process.',
    'x-examples': [{ LOG_LEVEL: 'info' }],
    'x-kind': 'texts by name',
  })

export const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, {
      error: refusal(CODES.malformed, 'this is not the name of an http header', ''),
    }),
    z
      .string({
        error: issue =>
          issue.input === undefined
            ? undefined
            : refusal(CODES.wrongType, '{value} is not a text', 'put it in quotes'),
      })
      .regex(/^[\t\x20-\x7e]*$/, {
        error: refusal(CODES.malformed, 'a header value may hold printable ASCII only', ''),
      }),
  )
  .meta({
    description: 'Request headers.',
    'x-examples': [{ authorization: 'Bearer ${env:STATS_TOKEN}' }],
    'x-kind': 'texts by name',
  })

/** A share that may be more than the whole, as a ratio: `100%` is 1. */
export const percentage = textKind(
  {
    description: 'A percentage in quotes or plain, up to 10000%.',
    examples: ['100%'],
    kind: 'a percentage',
    pattern: '\\s*\\d+(?:\\.\\d+)?\\s*%\\s*',
  },
  input =>
    typeof input === 'number'
      ? refusal(CODES.malformed, '{value} is not a percentage', 'write {value}%')
      : refusal(CODES.wrongType, 'expected a percentage, found {value}', 'write 100%'),
  text => {
    const ratio = text.includes('%') ? parseShare(text) : null
    if (ratio === null)
      return { refused: refusal(CODES.malformed, '{value} is not a percentage', 'write 100%') }
    return ratio >= 0 && ratio <= 100
      ? { value: ratio }
      : { refused: refusal(CODES.range, '{value} is not between 0% and 10000%', 'write 100%') }
  },
)

const AMOUNT_HINT = 'write 60, 60%, 300ms or 2GiB, in the unit of what it is held against'

/** A number that may carry a unit; what it comes to depends on what it is held against, so it stays a text here. */
export const amount = z
  .union([z.string(), z.number()], {
    error: issue =>
      issue.input === undefined
        ? undefined
        : refusal(CODES.wrongType, 'expected a number with or without a unit, found {value}', AMOUNT_HINT),
  })
  .meta(
    described({
      description: 'A number, with a unit where what it is held against has one.',
      examples: ['60%', 100],
      kind: 'a number with or without a unit',
    }),
  )
  .transform((written, context): string => {
    const text = String(written).trim()
    if (/^[+-]?\d+(?:\.\d+)?(?:%|[A-Za-z]{1,3})?$/.test(text)) return text
    context.addIssue({
      code: 'custom',
      message: refusal(CODES.malformed, '{value} is not a number with or without a unit', AMOUNT_HINT),
    })
    return z.NEVER
  })

/** A value an application reads. */
export const settingValue = z
  .union([z.boolean(), z.number(), z.string().max(4096)], {
    error: issue =>
      issue.input === undefined
        ? undefined
        : refusal(
            CODES.wrongType,
            'expected the value of a setting (true, false, a number or a text), found {value}',
            'write e.g. true, 20 or high',
          ),
  })
  .meta(
    described({
      description: 'The value of a setting: true or false, a number, or a text.',
      examples: [true, 20, 'high'],
      kind: 'a value',
    }),
  )
