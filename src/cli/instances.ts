/**
 * `plimsoll instances FLEET`: every instance on its three axes (lifecycle, admission, health) with its load, and below it
 * what was asked of it by hand, what is wrong with it, and what it waits for.
 *
 * Example:
 *
 *     INSTANCE  ZONE  STATE  ADMISSION  HEALTH   LOAD  AGE     ADDRESS
 *     rooms-3   a     ready  open       healthy  12    2h 5m   http://127.0.0.1:41231
 *     rooms-4   b     ready  closed     healthy  2     40m     http://127.0.0.1:41232
 *               waits to be terminated: 2 slots in use
 */
import { z } from 'zod'
import { InstanceWire } from '../api/wire/inventory.ts'
import { formatSpan } from '../engine/explain.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { type Colours, coloursFor } from './colours.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Reader, Tick } from './reader/reader.ts'
import { table } from './table.ts'

export interface InstancesOptions extends ReaderOptions {
  readonly json?: boolean
}

type Instance = Tick['inventory']['instances'][number]
type Waiting = Tick['plan']['waiting'][number]

export async function instancesCommand(fleet: string, options: InstancesOptions, io: Io): Promise<number> {
  return withReader(io, options, async reader => {
    const [tick] = await reader.ticks({ fleet, limit: 1 })
    if (tick === undefined) throw await notThere(reader, fleet)
    if (options.json === true) printJson(io, instancesJson(fleet, tick))
    else for (const line of tellInstances(fleet, tick, io)) printLine(io, line)
    return EXIT_OK
  })
}

async function notThere(reader: Reader, fleet: string): Promise<CliError> {
  const fleets = await reader.fleets()
  const known = fleets.map(({ fleet: name }) => name)
  if (known.includes(fleet)) {
    return new CliError(
      'PLM-513',
      `${fleet} has not ticked yet, says ${reader.from}: nothing is known of its instances.`,
    )
  }
  return new CliError('PLM-507', `There is no fleet "${fleet}" in ${reader.from}. ${suggest(fleet, known)}`)
}

function instancesJson(fleet: string, { at, inventory, plan }: Tick): object {
  return {
    fleet,
    at: isoOf(at),
    instances: inventory.instances.map(instance => ({
      ...z.encode(InstanceWire, instance),
      waiting: plan.waiting
        .filter(waiting => waiting.instance === instance.id)
        .map(({ what, because, until }) => ({ what, because, until: until === null ? null : isoOf(until) })),
    })),
    orders: inventory.orders.map(order => ({
      ...order,
      at: isoOf(order.at),
      expiresAt: isoOf(order.expiresAt),
    })),
  }
}

const HEADS = ['INSTANCE', 'ZONE', 'STATE', 'ADMISSION', 'HEALTH', 'LOAD', 'AGE', 'ADDRESS']

function tellInstances(fleet: string, { at, inventory, plan }: Tick, io: Io): string[] {
  const colours = coloursFor(io)
  const { instances, orders } = inventory
  const rows = instances.map(instance => rowOf(instance, at, colours))
  const [head, ...lines] = table([HEADS.map(word => colours.dim(word)), ...rows])
  const told = instances.flatMap((instance, index) => [
    lines[index] ?? '',
    ...notesOf(instance, plan.waiting, colours).map(note => `  ${note}`),
  ])
  const ordered = orders.map(
    ({ zone, at: since }) =>
      `ordered ${formatSpan(Math.max(0, at - since))} ago and not seen yet${zone === null ? '' : `, in ${zone}`}`,
  )
  if (instances.length === 0 && ordered.length === 0) return [`${fleet} has no instances`]
  return instances.length === 0 ? ordered : [head ?? '', ...told, ...ordered]
}

function rowOf(instance: Instance, at: number, colours: Colours): string[] {
  const { id, zone, lifecycle, admission, health, sealed, load, launchedAt, address, listed } = instance
  const state = listed ? lifecycle : `${lifecycle}, not listed`
  return [
    colours.bold(id),
    zone ?? '-',
    lifecycle === 'lost' ? colours.red(state) : state,
    sealed ? 'sealed' : admission === 'open' ? colours.green('open') : colours.yellow(admission),
    health === 'unhealthy' ? colours.red(health) : health === 'suspect' ? colours.yellow(health) : health,
    tellLoad(load),
    launchedAt === null ? '-' : formatSpan(Math.max(0, at - launchedAt)),
    address ?? '-',
  ]
}

/** Slots in use; unknown is never zero. */
function tellLoad(load: Instance['load']): string {
  switch (load.kind) {
    case 'known':
      return String(load.slots)
    case 'unknown':
      return '?'
    case 'untracked':
      return '-'
  }
}

function notesOf(
  { id, order, detail, load, access }: Instance,
  waiting: readonly Waiting[],
  { yellow }: Colours,
): string[] {
  return [
    ...(order === null ? [] : [order === 'keep' ? 'kept, as asked by hand' : 'drained, as asked by hand']),
    ...(detail === null ? [] : [yellow(detail)]),
    ...(load.kind === 'unknown' ? [yellow(`load unknown: ${load.because}`)] : []),
    ...access.map(({ name, address }) => `${name}: ${address}`),
    ...waiting
      .filter(({ instance }) => instance === id)
      .map(({ what, because }) => `waits (${what}): ${because}`),
  ]
}
