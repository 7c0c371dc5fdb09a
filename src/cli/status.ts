/**
 * `plimsoll status`: every fleet in two lines, how many there are and why.
 *
 * Example:
 *
 *     FLEET  COUNT   OPEN  PENDING  DRAINING  BOUNDS         LAST TICK
 *     web    5 -> 6  5     0        0         4..6 "Peak"    12:04:15, 3s ago
 *            "Scale up" fired: avg(cpu, 45m) = 83.2
 */
import { z } from 'zod'
import { InstanceWire } from '../api/wire/inventory.ts'
import { formatSpan } from '../engine/explain.ts'
import type { Observation } from '../model/observation.ts'
import { EXIT_OK } from './cli-error.ts'
import { type Colours, coloursFor } from './colours.ts'
import { decisionJson } from './decision-json.ts'
import { type TellOptions, tellCount, tellLaunchTrouble, tellTime } from './decision-text.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { newestValues, tellLateness } from './newest-values.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { FleetNow } from './reader/reader.ts'
import { table } from './table.ts'

export interface StatusOptions extends ReaderOptions {
  readonly json?: boolean
}

export async function statusCommand(options: StatusOptions, io: Io): Promise<number> {
  return withReader(io, options, async reader => {
    const fleets = await reader.fleets()
    if (options.json === true) {
      printJson(io, {
        from: reader.from,
        fleets: Object.fromEntries(fleets.map(now => [now.fleet, statusJson(now)])),
      })
      return EXIT_OK
    }
    if (fleets.length === 0) printLine(io, `No fleet has ticked yet, says ${reader.from}.`)
    for (const line of tellFleets(fleets, io)) printLine(io, line)
    return EXIT_OK
  })
}

function statusJson({ tick, trouble, everyMs }: FleetNow) {
  if (tick === null) return { at: null, trouble, everyMs }
  return {
    at: isoOf(tick.at),
    revision: tick.revision,
    trouble,
    everyMs,
    capacity: tick.observation.capacity,
    sessions: tick.observation.sessions,
    newest: Object.fromEntries(
      [...newestValues(tick.observation)].map(([metric, at]) => [metric, isoOf(at)]),
    ),
    ...decisionJson(tick.decision, tick.plan),
    instances: tick.inventory.instances.map(instance => z.encode(InstanceWire, instance)),
  }
}

const HEADS = ['FLEET', 'COUNT', 'OPEN', 'PENDING', 'DRAINING', 'BOUNDS', 'KPIS', 'LAST TICK']

/** The table, with a line of reasons under each row. */
function tellFleets(fleets: readonly FleetNow[], io: Io): string[] {
  const colours = coloursFor(io)
  const options = { colours, timeZone: io.timeZone, now: io.now() }
  const rows = fleets.map(now => rowOf(now, options))
  const [head, ...lines] = table([HEADS.map(word => colours.dim(word)), ...rows])
  const told = fleets.flatMap((now, index) => [
    lines[index] ?? '',
    ...reasonsOf(now, options).map(reason => `  ${reason}`),
  ])
  return head === undefined || fleets.length === 0 ? [] : [head, ...told]
}

function rowOf({ fleet, tick, everyMs }: FleetNow, options: TellOptions): string[] {
  const { colours, now } = options
  if (tick === null) return [colours.bold(fleet), 'no tick yet']
  const { bounds, kpis } = tick.decision
  const { capacity } = tick.observation
  const age = now - tick.at
  const isOld = age > Math.max(60_000, 3 * (everyMs ?? 0))
  const ago = `${formatSpan(Math.max(0, age))} ago`
  return [
    colours.bold(fleet),
    tellCount(tick.decision, colours),
    String(capacity?.open ?? '?'),
    String(capacity?.pending ?? '?'),
    String(capacity?.draining ?? '?'),
    `${bounds.lowest}..${bounds.highest} "${bounds.constraint}"`,
    tellKpis(kpis, colours),
    `${tellTime(tick.at, options)}, ${isOld ? colours.yellow(`${ago}: is it running?`) : ago}`,
  ]
}

function tellKpis(kpis: Readonly<Record<string, 'green' | 'red' | 'unknown'>>, colours: Colours): string {
  const words = Object.entries(kpis).map(([name, state]) => {
    const said = `${name} ${state}`
    return state === 'green'
      ? colours.green(said)
      : state === 'red'
        ? colours.red(said)
        : colours.yellow(said)
  })
  return words.length === 0 ? '-' : words.join(', ')
}

function latenessOf(observation: Observation, colours: Colours): string[] {
  const told = tellLateness(observation, formatSpan)
  return told === null ? [] : [colours.dim(told)]
}

function reasonsOf({ tick, trouble }: FleetNow, options: TellOptions): string[] {
  const { colours } = options
  const reasons =
    tick === null
      ? []
      : [
          tick.decision.because,
          ...tellLaunchTrouble(tick.plan, tick.outcomes, options).map(line => colours.yellow(line)),
          ...latenessOf(tick.observation, colours),
        ]
  return trouble === null ? reasons : [...reasons, colours.red(trouble)]
}
