/**
 * `plimsoll schedule FILE [--from A] [--to B]`: what the bounds of each fleet will be over time, as a table, JSON or picture
 * (in the terminal, or as SVG); with `--name S` the windows of one named schedule.
 *
 * Example: `plimsoll schedule plimsoll.yaml --from 2026-11-21 --to 2026-11-22` shows "Peak" from 08:00 to 10:00.
 */

import { formatSpan } from '../engine/explain.ts'
import type { Spec } from '../model/spec.ts'
import type { Interval } from '../model/time.ts'
import { drawDayLines } from '../pictures/day-lines.ts'
import { type BoundsStretch, drawSchedule } from '../pictures/schedule.ts'
import { formatDate, formatTime, isTimeZone } from '../pictures/zone-time.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import type { Calendar } from '../ports/calendar.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { writeOutputFile } from './files.ts'
import { boundsOver } from './fleet-bounds.ts'
import { isoOf, parseIso } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { table } from './table.ts'

export interface ScheduleOptions {
  readonly from?: string
  readonly to?: string
  readonly picture?: boolean
  readonly name?: string
  readonly fleet?: string
  readonly output?: string
  readonly zone?: string
  readonly json?: boolean
}

/** Twenty years of a schedule that changes every hour is a third of a million lines: enough. */
const LONGEST_RANGE_MS = 20 * 366 * 86_400_000

export async function scheduleCommand(file: string, options: ScheduleOptions, io: Io): Promise<number> {
  const range = parseRange(options, io.now())
  const zone = zoneOf(options)
  const { spec } = await loadFile(io, file)
  const calendar = createCalendar()
  if (options.name !== undefined) return tellWindows(spec, options.name, range, calendar, zone, options, io)
  const fleets = chosenFleets(spec, options.fleet).map(fleet => ({
    name: fleet.name,
    stretches: boundsOver(spec, fleet, range, calendar),
  }))
  if (options.output !== undefined) {
    await drawFleets(fleets, range, zone, options.output, io)
    return EXIT_OK
  }
  if (options.json === true) {
    printJson(io, {
      fleets: Object.fromEntries(fleets.map(({ name, stretches }) => [name, stretches.map(stretchJson)])),
    })
    return EXIT_OK
  }
  const told = fleets.flatMap(({ name, stretches }) =>
    options.picture === true
      ? tellDays(name, stretches, range, zone, io)
      : tellStretches(name, stretches, zone, io),
  )
  for (const line of told) printLine(io, line)
  return EXIT_OK
}

const DAY_MS = 86_400_000
const USUAL_DAYS = 14

/** More lines than anybody reads as one picture. */
const MOST_DAYS = 100

function tellDays(
  name: string,
  stretches: readonly BoundsStretch[],
  window: Interval,
  timeZone: string,
  io: Io,
): string[] {
  if (window.to - window.from > MOST_DAYS * DAY_MS) {
    throw new CliError(
      'PLM-509',
      `A picture in the terminal has at most ${MOST_DAYS} days. Ask for less, or draw a file with -o.`,
    )
  }
  const { bold, dim } = coloursFor(io)
  const { hours, days, legend } = drawDayLines({ stretches, window, timeZone })
  return [`${bold(name)} (${timeZone})`, dim(hours), ...days, `  ${legend.join('   ')}`]
}

/** From today on for two weeks, unless said. */
function parseRange({ from, to }: ScheduleOptions, now: number): Interval {
  const first = from === undefined ? Math.floor(now / DAY_MS) * DAY_MS : parseDate(from, '--from')
  const range = {
    from: first,
    to: to === undefined ? first + USUAL_DAYS * DAY_MS : parseDate(to, '--to'),
  }
  const [said, until] = [from ?? isoOf(range.from), to ?? isoOf(range.to)]
  if (range.to <= range.from) throw new CliError('PLM-509', `--to ${until} is not after --from ${said}.`)
  if (range.to - range.from > LONGEST_RANGE_MS) {
    throw new CliError('PLM-509', `From ${said} to ${until} is more than 20 years. Ask for less.`)
  }
  return range
}

function parseDate(text: string, what: string): number {
  const at = parseIso(text, 'UTC')
  if (at !== null) return at
  throw new CliError(
    'PLM-502',
    `${what} "${text}" is not a time. Give a date (2026-11-21, midnight UTC) or a time with its offset (2026-11-21T08:00:00Z).`,
  )
}

function zoneOf({ zone = 'UTC' }: ScheduleOptions): string {
  if (isTimeZone(zone)) return zone
  throw new CliError('PLM-502', `--zone "${zone}" is not a time zone. Give one as Europe/London or +02:00.`)
}

function chosenFleets(spec: Spec, name: string | undefined) {
  const fleets = Object.values(spec.fleets)
  if (name === undefined) return fleets
  const chosen = fleets.filter(fleet => fleet.name === name)
  if (chosen.length > 0) return chosen
  throw new CliError(
    'PLM-507',
    `There is no fleet "${name}" in the file. ${suggest(name, Object.keys(spec.fleets))}`,
  )
}

function stretchJson({ from, to, lowest, highest, default: usual, constraint }: BoundsStretch) {
  return { from: isoOf(from), to: isoOf(to), lowest, highest, default: usual, constraint }
}

async function tellWindows(
  spec: Spec,
  name: string,
  range: Interval,
  calendar: Calendar,
  zone: string,
  { json }: ScheduleOptions,
  io: Io,
): Promise<number> {
  const schedule = Object.hasOwn(spec.schedules, name) ? spec.schedules[name] : undefined
  if (schedule === undefined) {
    throw new CliError(
      'PLM-507',
      `There is no schedule "${name}" in the file. ${suggest(name, Object.keys(spec.schedules))}`,
    )
  }
  const windows = calendar
    .windows(schedule, range)
    .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
    .filter(({ from, to }) => from < to)
  if (json === true) {
    printJson(io, { windows: windows.map(({ from, to }) => ({ from: isoOf(from), to: isoOf(to) })) })
    return EXIT_OK
  }
  if (windows.length === 0) printLine(io, `"${name}" has no window in this time.`)
  const { dim } = coloursFor(io)
  const rows = windows.map(({ from, to }) => [moment(from, zone), moment(to, zone), formatSpan(to - from)])
  for (const line of rows.length === 0 ? [] : table([[dim('FROM'), dim('TO'), dim('FOR')], ...rows]))
    printLine(io, line)
  return EXIT_OK
}

function tellStretches(name: string, stretches: readonly BoundsStretch[], zone: string, io: Io): string[] {
  const { bold, dim } = coloursFor(io)
  const head = ['FROM', 'TO', 'FOR', 'BOUNDS', 'DEFAULT', 'CONSTRAINT'].map(word => dim(word))
  const rows = stretches.map(stretch => [
    moment(stretch.from, zone),
    moment(stretch.to, zone),
    formatSpan(stretch.to - stretch.from),
    `${stretch.lowest}..${stretch.highest}`,
    String(stretch.default),
    stretch.constraint,
  ])
  return [`${bold(name)} (${zone})`, ...table([head, ...rows]).map(line => `  ${line}`)]
}

function moment(at: number, zone: string): string {
  return `${formatDate(at, zone)} ${formatTime(at, zone)}`
}

/** One picture has one fleet: of several, each goes into a file of its own, `bounds.svg` becoming `bounds-web.svg`. */
async function drawFleets(
  fleets: readonly { readonly name: string; readonly stretches: readonly BoundsStretch[] }[],
  window: Interval,
  timeZone: string,
  output: string,
  io: Io,
): Promise<void> {
  if (output === '-' && fleets.length > 1) {
    throw new CliError(
      'PLM-501',
      'Several fleets do not fit into one picture on standard output. Choose one with --fleet.',
    )
  }
  for (const { name, stretches } of fleets) {
    const file =
      fleets.length === 1 ? output : output.replace(/(\.[^./\\]*)?$/, extension => `-${name}${extension}`)
    await writeOutputFile(io, file, drawSchedule({ fleet: name, stretches, window, timeZone }))
    if (output !== '-') printLine(io, `Drew the bounds of "${name}" into ${file}`)
  }
}
