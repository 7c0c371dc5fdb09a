/**
 * `plimsoll explain FLEET [--at TIME] [--why-not RULE] [--next]`: why it has as many instances as it has, or had then; also
 * when nothing happened. Why a rule did not win, and what the next step up or down would take.
 *
 * Example: `plimsoll explain web --at 12:04 --why-not "Scale up"` tells the newest tick at or before 12:04 today, and under it
 * `"Scale up" did not win: cooldown: held for another 2m (last change 1m ago, cooldown 3m), until 12:06:15`.
 */
import { z } from 'zod'
import { NextWire, WhyNotWire } from '../api/wire/explanation.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { decisionJson, outcomesJson } from './decision-json.ts'
import { type TellOptions, tellTick, tellTime } from './decision-text.ts'
import { isoOf, parseInstant } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Explained, Reader, Tick } from './reader/reader.ts'

export interface ExplainOptions extends ReaderOptions {
  readonly at?: string
  readonly whyNot?: string
  readonly next?: boolean
  readonly json?: boolean
}

export async function explainCommand(fleet: string, options: ExplainOptions, io: Io): Promise<number> {
  const at =
    options.at === undefined
      ? null
      : parseInstant(options.at, '--at', { now: io.now(), timeZone: io.timeZone })
  return withReader(io, options, async reader => {
    const [tick] = await reader.ticks({ fleet, limit: 1, ...(at === null ? {} : { at }) })
    if (tick === undefined) throw await nothingRecorded(reader, fleet, at, io)
    const more = await explained(reader, tick, options)
    if (options.json === true) {
      printJson(io, { ...tickJson(tick), ...explainedJson(more) })
      return EXIT_OK
    }
    const told = { colours: coloursFor(io), timeZone: io.timeZone, now: io.now() }
    for (const line of tellTick(tick.decision, tick.plan, tick.outcomes, told)) printLine(io, line)
    for (const line of more === null ? [] : tellExplained(more, told)) printLine(io, line)
    return EXIT_OK
  })
}

/** Of the very tick that is told. */
async function explained(
  reader: Reader,
  { fleet, at }: Tick,
  { whyNot, next }: ExplainOptions,
): Promise<Explained | null> {
  if (whyNot === undefined && next !== true) return null
  return reader.explain({ fleet, at, whyNot: whyNot ?? null, next: next === true })
}

function explainedJson(more: Explained | null) {
  if (more === null) return {}
  const { whyNot, next, remark } = more
  return {
    ...(whyNot === null ? {} : { whyNot: z.encode(WhyNotWire, whyNot) }),
    ...(next === null ? {} : { next: z.encode(NextWire, next) }),
    ...(remark === null ? {} : { remark }),
  }
}

function tellExplained({ whyNot, next, remark }: Explained, told: TellOptions): string[] {
  const lines: string[] = []
  if (remark !== null) lines.push(told.colours.yellow(`note: ${remark}`))
  if (whyNot !== null) {
    const head = `"${whyNot.rule}" ${whyNot.won ? 'won' : 'did not win'}:`
    const reasons = whyNot.reasons.map(({ because, until }) => `${because}${tellUntil(until, told)}`)
    lines.push(...tellList(head, reasons, told))
  }
  if (next !== null) {
    lines.push(...tellList(`next step up${tellFrom(next.desired)}:`, tellStep(next.up, told), told))
    lines.push(...tellList(`next step down${tellFrom(next.desired)}:`, tellStep(next.down, told), told))
  }
  return lines
}

function tellFrom(desired: number | null): string {
  return desired === null ? '' : ` from ${desired}`
}

function tellStep(
  { ways, nothing }: NonNullable<Explained['next']>['up'],
  told: TellOptions,
): readonly string[] {
  if (nothing !== null) return [`none: ${nothing}`]
  return ways.map(({ because, at }) => `${because}${tellUntil(at, told, 'at')}`)
}

function tellUntil(at: number | null, told: TellOptions, word = 'until'): string {
  return at === null ? '' : `, ${word} ${tellTime(at, told)}`
}

/** One line when there is one; else a line each under the head. */
function tellList(head: string, lines: readonly string[], { colours }: TellOptions): string[] {
  const [only, ...rest] = lines
  if (only !== undefined && rest.length === 0) return [`${colours.bold(head)} ${only}`]
  return [colours.bold(head), ...lines.map(line => `  ${line}`)]
}

/** As `decide` answers it, with when, which and what became of it. */
export function tickJson(tick: Tick) {
  return {
    fleet: tick.fleet,
    at: isoOf(tick.at),
    revision: tick.revision,
    ...decisionJson(tick.decision, tick.plan),
    outcomes: outcomesJson(tick.outcomes),
  }
}

/** The reason there is nothing to show: no such fleet, no tick yet, or none that early. */
export async function nothingRecorded(
  reader: Reader,
  fleet: string,
  at: number | null,
  io: Io,
): Promise<CliError> {
  const known = await reader.fleets()
  const found = known.find(now => now.fleet === fleet)
  if (found === undefined) {
    const names = known.map(now => now.fleet)
    return new CliError('PLM-507', `There is no fleet "${fleet}" in ${reader.from}. ${suggest(fleet, names)}`)
  }
  if (at === null || found.tick === null) {
    return new CliError(
      'PLM-513',
      `"${fleet}" has not ticked yet, says ${reader.from}. Try again when it runs.`,
    )
  }
  const told = { colours: coloursFor(io), timeZone: io.timeZone, now: io.now() }
  return new CliError(
    'PLM-513',
    `Nothing is recorded of "${fleet}" at or before ${tellTime(at, told)} in ${reader.from}: it was not running ` +
      'then, or the journal does not reach back that far (`state: { journal: 30d }` sets how far).',
  )
}
