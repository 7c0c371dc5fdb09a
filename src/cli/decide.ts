/**
 * `plimsoll decide FILE --observation FILE|-`: the what-if door. Prints what would be decided and planned, touching nothing.
 *
 * Example: `echo '{"at":"2026-11-21T12:00:00Z","fleets":{"web":{"open":4,"values":{"avg(cpu, 45m)":83.2}}}}' |
 *   plimsoll decide plimsoll.yaml --observation - --json`.
 */
import { narrated } from '../api/views.ts'
import type { Spec } from '../model/spec.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import type { Calendar } from '../ports/calendar.ts'
import { EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { decisionJson } from './decision-json.ts'
import { tellTick } from './decision-text.ts'
import { readInputFile } from './files.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type Imagined, imagine } from './what-if.ts'
import { parseWhatIf, pathOf, unusable, type WhatIf } from './what-if-input.ts'

export interface DecideOptions {
  readonly observation: string
  readonly json?: boolean
}

export async function decideCommand(
  file: string,
  { observation, json }: DecideOptions,
  io: Io,
): Promise<number> {
  const { spec } = await loadFile(io, file)
  const source = observation === '-' ? 'Standard input' : observation
  const whatIf = parseWhatIf(await readInputFile(io, observation), source)
  const answers = imagineAll(spec, whatIf, createCalendar())
  const problems = answers.flatMap(answer => (answer.ok ? [] : answer.problems))
  if (problems.length > 0) throw unusable(source, problems)
  const good = answers.filter(answer => answer.ok)
  for (const remark of good.flatMap(answer => answer.remarks)) io.stderr.write(`${remark}\n`)
  if (json === true) {
    const told = good.map(({ decision, plan }) => [decision.fleet, decisionJson(narrated(decision), plan)])
    printJson(io, { at: isoOf(whatIf.at), fleets: Object.fromEntries(told) })
    return EXIT_OK
  }
  const options = { colours: coloursFor(io), timeZone: io.timeZone, now: whatIf.at }
  for (const { decision, plan } of good) {
    for (const line of tellTick(narrated(decision), plan, [], options)) printLine(io, line)
  }
  return EXIT_OK
}

/** In the order of the observation. */
function imagineAll(spec: Spec, { at, fleets }: WhatIf, calendar: Calendar): readonly Imagined[] {
  return Object.entries(fleets).map(([name, given]): Imagined => {
    const fleet = Object.hasOwn(spec.fleets, name) ? spec.fleets[name] : undefined
    if (fleet !== undefined) return imagine(spec, fleet, given, at, calendar, fleets)
    const path = pathOf(['fleets', name])
    return {
      ok: false,
      problems: [`${path}: the file has no such fleet. ${suggest(name, Object.keys(spec.fleets))}`],
    }
  })
}
