/**
 * The commands that change a running fleet by hand: `pause`, `resume`, `mode`, `set-capacity`, `rules`, `approve`,
 * `reject`, and those that list what was done. Each says what is in force now, and until when.
 *
 * Example: `plimsoll set-capacity web 12 --for 2h` prints `web: capacity set to 12, until 14:00:00`.
 */
import { z } from 'zod'
import { FleetWire } from '../api/wire/fleet.ts'
import { AskedApprovalWire, OperatorActWire, OverrideWire } from '../api/wire/override.ts'
import { changedWhat } from '../engine/explain.ts'
import type { Override } from '../model/override.ts'
import { tellAct, tellWish } from './act-text.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { askDaemon, type ByOptions, byOf, type DaemonOptions } from './daemon.ts'
import { tellTime } from './decision-text.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { table } from './table.ts'

export interface OrderOptions extends ByOptions {
  /** How long; until it is cleared when absent. */
  readonly forMs?: number
}

const SetAnswer = z.object({ override: OverrideWire })
const ClearedAnswer = z.object({ cleared: OverrideWire.nullable() })
const ChangedAnswer = z.object({ override: OverrideWire.nullable(), cleared: OverrideWire.nullable() })
const Fleets = z.object({ fleets: z.array(z.object({ name: z.string() })) })
const Instances = z.object({ instances: z.array(z.object({ id: z.string() })) })
const RuleAnswer = z.object({ set: z.array(OverrideWire), cleared: z.array(OverrideWire) })
const Overrides = z.object({ overrides: z.array(OverrideWire) })
const Approvals = z.object({ approvals: z.array(AskedApprovalWire) })
const Approval = z.object({ approval: AskedApprovalWire })
const Acts = z.object({ acts: z.array(OperatorActWire), next: z.number().nullable() })

function ofFleet(fleet: string, rest: string): string {
  return `/v1/fleets/${encodeURIComponent(fleet)}/${rest}`
}

function orderOf(options: OrderOptions) {
  return { ...byOf(options), forMs: options.forMs ?? null }
}

/** JSON where it was asked for, else the lines. */
function print<Schema extends z.ZodType>(
  io: Io,
  options: DaemonOptions,
  schema: Schema,
  answer: z.output<Schema>,
  lines: readonly string[],
): number {
  if (options.json === true) printJson(io, z.encode(schema, answer))
  else for (const line of lines) printLine(io, line)
  return EXIT_OK
}

function tellOverride(io: Io, { fleet, change, until }: Override): string {
  const end = until === null ? 'until it is cleared' : `until ${timeOf(io, until)}`
  return `${fleet}: ${changedWhat(change)}, ${end}`
}

function timeOf(io: Io, at: number): string {
  return tellTime(at, { colours: coloursFor(io), timeZone: io.timeZone, now: io.now() })
}

export async function pauseCommand(fleet: string, options: OrderOptions, io: Io): Promise<number> {
  const path = ofFleet(fleet, 'pause')
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path,
    body: orderOf(options),
    answer: SetAnswer,
  })
  return print(io, options, SetAnswer, answer, [tellOverride(io, answer.override)])
}

export async function resumeCommand(fleet: string, options: ByOptions, io: Io): Promise<number> {
  const path = ofFleet(fleet, 'resume')
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path,
    body: byOf(options),
    answer: ClearedAnswer,
  })
  const line = answer.cleared === null ? `${fleet} was not paused` : `${fleet} goes on`
  return print(io, options, ClearedAnswer, answer, [line])
}

/** @param mode `null` is what the file says */
export async function modeCommand(
  fleet: string,
  mode: string | null,
  options: OrderOptions,
  io: Io,
): Promise<number> {
  return changeCommand(fleet, 'mode', { mode }, options, io)
}

/** @param count `null` is what the file says */
export async function setCapacityCommand(
  fleet: string,
  count: number | null,
  options: OrderOptions,
  io: Io,
): Promise<number> {
  return changeCommand(fleet, 'capacity', { count }, options, io)
}

async function changeCommand(
  fleet: string,
  subject: 'mode' | 'capacity',
  wish: object,
  options: OrderOptions,
  io: Io,
): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path: ofFleet(fleet, subject),
    body: { ...wish, ...orderOf(options) },
    answer: ChangedAnswer,
  })
  const line =
    answer.override === null ? `${fleet}: ${subject} as configured` : tellOverride(io, answer.override)
  return print(io, options, ChangedAnswer, answer, [line])
}

/** @param order `null`: like any other instance */
export async function instanceCommand(
  instance: string,
  order: 'keep' | 'drain' | null,
  { fleet: named, ...options }: OrderOptions & { readonly fleet?: string },
  io: Io,
): Promise<number> {
  const fleet = named ?? (await fleetOf(instance, options, io))
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path: ofFleet(fleet, `instances/${encodeURIComponent(instance)}`),
    body: { order, ...orderOf(options) },
    answer: ChangedAnswer,
  })
  const line =
    answer.override === null
      ? `${fleet}: ${instance} is like any other${answer.cleared === null ? '; nothing was asked of it' : ' again'}`
      : tellOverride(io, answer.override)
  return print(io, options, ChangedAnswer, answer, [line])
}

/** The one that has it, when no fleet is named. */
async function fleetOf(instance: string, options: DaemonOptions, io: Io): Promise<string> {
  const { fleets } = await askDaemon(io, options, { method: 'GET', path: '/v1/fleets', answer: Fleets })
  const all = await Promise.all(
    fleets.map(async ({ name }) => {
      const path = ofFleet(name, 'instances')
      const { instances } = await askDaemon(io, options, { method: 'GET', path, answer: Instances })
      return { name, ids: instances.map(({ id }) => id) }
    }),
  )
  const having = all.filter(({ ids }) => ids.includes(instance)).map(({ name }) => name)
  const [found, another] = having
  if (found !== undefined && another === undefined) return found
  throw new CliError(
    'PLM-507',
    found === undefined
      ? `No fleet has an instance "${instance}". ${suggest(
          instance,
          all.flatMap(({ ids }) => ids),
        )}`
      : `${having.join(' and ')} have an instance "${instance}" each. Name one with --fleet.`,
  )
}

export async function unfreezeCommand(
  fleet: string,
  lift: boolean,
  options: OrderOptions,
  io: Io,
): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path: ofFleet(fleet, 'unfreeze'),
    body: { lift, ...orderOf(options) },
    answer: ChangedAnswer,
  })
  const line = answer.override === null ? `${fleet} may freeze again` : tellOverride(io, answer.override)
  return print(io, options, ChangedAnswer, answer, [line])
}

export interface RuleWish {
  /** `null`: as in the file. */
  readonly enabled?: boolean | null
  readonly rank?: number | null
}

export async function changeRuleCommand(
  fleet: string,
  rule: string,
  wish: RuleWish,
  options: OrderOptions,
  io: Io,
): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path: ofFleet(fleet, `rules/${encodeURIComponent(rule)}`),
    body: { ...wish, ...orderOf(options) },
    answer: RuleAnswer,
  })
  const lines = answer.set.map(override => tellOverride(io, override))
  return print(
    io,
    options,
    RuleAnswer,
    answer,
    lines.length > 0 ? lines : [`${fleet}: "${rule}" as configured`],
  )
}

/** Rank and switch as they are now, and what is not as in the file. */
export async function listRulesCommand(fleet: string, options: DaemonOptions, io: Io): Promise<number> {
  const path = `/v1/fleets/${encodeURIComponent(fleet)}`
  const { rules, overrides } = await askDaemon(io, options, { method: 'GET', path, answer: FleetWire })
  const listed = rules.map(rule => ({
    ...rule,
    overrides: overrides.filter(({ change }) => 'rule' in change && change.rule === rule.name),
  }))
  if (options.json === true) {
    const encoded = listed.map(rule => ({
      ...rule,
      overrides: rule.overrides.map(override => z.encode(OverrideWire, override)),
    }))
    printJson(io, { fleet, rules: encoded })
    return EXIT_OK
  }
  const { bold, dim, yellow } = coloursFor(io)
  const rows = listed.map(({ name, rank, enabled, when, overrides }) => [
    bold(name),
    String(rank),
    enabled ? 'on' : yellow('off'),
    when,
    overrides.map(override => tellChange(io, override)).join('; '),
  ])
  const heads = ['RULE', 'RANK', '', 'WHEN', 'CHANGED BY HAND'].map(word => dim(word))
  for (const line of table([heads, ...rows])) printLine(io, line)
  return EXIT_OK
}

function tellChange(io: Io, { who, until, change }: Override): string {
  const what = change.kind === 'rule-rank' ? 'rank' : 'switch'
  return `${what} by ${who}${until === null ? '' : ` until ${timeOf(io, until)}`}`
}

export async function overridesCommand(fleet: string, options: DaemonOptions, io: Io): Promise<number> {
  const path = ofFleet(fleet, 'overrides')
  const answer = await askDaemon(io, options, { method: 'GET', path, answer: Overrides })
  const lines = answer.overrides.map(override => {
    const why = override.why === '' ? '' : ` (${override.why})`
    return `${override.id}  ${tellOverride(io, override)}, by ${override.who}${why}`
  })
  return print(io, options, Overrides, answer, lines.length > 0 ? lines : [`${fleet} is as configured`])
}

export async function approvalsCommand(options: DaemonOptions, io: Io): Promise<number> {
  const answer = await askDaemon(io, options, { method: 'GET', path: '/v1/approvals', answer: Approvals })
  const lines = answer.approvals.map(approval => {
    const { id, fleet, because, expiresAt } = approval
    return `${id}  ${fleet} ${tellWish(approval)}, until ${timeOf(io, expiresAt)}: ${because}`
  })
  return print(
    io,
    options,
    Approvals,
    answer,
    lines.length > 0 ? lines : ['No decision waits for an approval.'],
  )
}

export async function answerCommand(
  id: string,
  verdict: 'approve' | 'reject',
  options: ByOptions,
  io: Io,
): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'POST',
    path: `/v1/approvals/${encodeURIComponent(id)}/${verdict}`,
    body: byOf(options),
    answer: Approval,
  })
  const { approval } = answer
  const line = `${approval.fleet}: ${tellWish(approval)} is ${approval.state}`
  return print(io, options, Approval, answer, [line])
}

export async function actsCommand(
  fleet: string,
  options: DaemonOptions & { readonly limit: number },
  io: Io,
): Promise<number> {
  const answer = await askDaemon(io, options, {
    method: 'GET',
    path: ofFleet(fleet, 'acts'),
    query: { limit: String(options.limit) },
    answer: Acts,
  })
  const lines = answer.acts.map(act => `${timeOf(io, act.at)}  ${tellAct(act)}`)
  return print(
    io,
    options,
    Acts,
    answer,
    lines.length > 0 ? lines : [`Nobody has changed anything of ${fleet} by hand.`],
  )
}
