/**
 * `plimsoll history FLEET`: what changed, newest first; with `--all` every tick, also those in which nothing happened.
 *
 * Example: `12:04:15  5 -> 6  because "Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)`.
 */
import { EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import {
  type TellOptions,
  tellActions,
  tellCount,
  tellEffects,
  tellHeadline,
  tellTime,
} from './decision-text.ts'
import { nothingRecorded, tickJson } from './explain.ts'
import { parseInstant } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Tick } from './reader/reader.ts'

export interface HistoryOptions extends ReaderOptions {
  readonly limit: number
  readonly since?: string
  readonly all?: boolean
  readonly json?: boolean
}

export async function historyCommand(fleet: string, options: HistoryOptions, io: Io): Promise<number> {
  const { limit, since, all, json } = options
  const context = { now: io.now(), timeZone: io.timeZone }
  const from = since === undefined ? {} : { since: parseInstant(since, '--since', context) }
  return withReader(io, options, async reader => {
    const ticks = await reader.ticks({ fleet, limit, changesOnly: all !== true, ...from })
    if (ticks.length === 0) {
      const [any] = await reader.ticks({ fleet, limit: 1 })
      if (any === undefined) throw await nothingRecorded(reader, fleet, null, io)
    }
    if (json === true) {
      printJson(io, { fleet, entries: ticks.map(tickJson) })
      return EXIT_OK
    }
    if (ticks.length === 0) {
      printLine(
        io,
        `Nothing changed${since === undefined ? '' : ` since ${since}`}. Every tick with its reason: --all`,
      )
    }
    const told = { colours: coloursFor(io), ...context }
    for (const tick of ticks) printLine(io, tellChange(tick, all === true, told))
    return EXIT_OK
  })
}

/** Among changes, a tick that kept the count is there for what it did. */
function tellChange({ decision, plan, outcomes }: Tick, isEveryTick: boolean, told: TellOptions): string {
  const actions = [tellActions(plan, outcomes), ...tellEffects(decision.effects, outcomes)]
    .filter(part => part !== '')
    .join('; ')
  if (isEveryTick || decision.direction !== 'none' || actions === '') return tellHeadline(decision, told)
  return `${tellTime(decision.at, told)}  ${tellCount(decision, told.colours)}  ${actions}`
}
