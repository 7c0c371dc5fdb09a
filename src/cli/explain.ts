/**
 * `plimsoll explain FLEET [--at TIME]`: why it has as many instances as it has, or had then; also when nothing happened.
 *
 * Example: `plimsoll explain web --at 12:04` tells the newest tick at or before 12:04 today.
 */
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { decisionJson, outcomesJson } from './decision-json.ts'
import { tellTick, tellTime } from './decision-text.ts'
import { isoOf, parseInstant } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Reader, Tick } from './reader/reader.ts'

export interface ExplainOptions extends ReaderOptions {
  readonly at?: string
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
    if (options.json === true) {
      printJson(io, tickJson(tick))
      return EXIT_OK
    }
    const told = { colours: coloursFor(io), timeZone: io.timeZone, now: io.now() }
    for (const line of tellTick(tick.decision, tick.plan, tick.outcomes, told)) printLine(io, line)
    return EXIT_OK
  })
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
