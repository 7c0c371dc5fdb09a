/**
 * Which columns of a record say what one instance can serve and how long it boots, and what they say.
 *
 * Example: a record with the columns `requests`, `instances`, `cpu` and `desired` answers both: capacity from the first three, boot times
 * from `desired` and `instances`.
 */
import type { Random } from '../../ports/clock.ts'
import type { LoadTrace } from '../trace.ts'
import { listed, noColumn } from '../traces/layout.ts'
import { TRACE_CODES, TraceError } from '../traces/trace-error.ts'
import { type Boot, type BootFit, bootsFromSteps, fitBoots } from './boot-times.ts'
import { type CapacityFit, FEWEST_BINS, fitCapacity } from './capacity.ts'

export interface FitAsked {
  readonly load?: string | undefined
  /** A column, or a number that never changed. */
  readonly instances?: string | undefined
  readonly utilization?: string | undefined
  readonly desired?: string | undefined
  /** What utilization is when an instance is full. Without it 1 or 100, by its values. */
  readonly ceiling?: number | undefined
  /** Share of it one wants to run at. */
  readonly targetShare: number
  readonly random: Random
  /** From the journal, where there is one; better than steps of columns. */
  readonly boots?: { readonly boots: readonly Boot[]; readonly resolutionMs: number } | undefined
}

export interface Fitted {
  readonly capacity: (CapacityFit & { readonly ceiling: number; readonly columns: CapacityColumns }) | null
  readonly boots: (BootFit & { readonly from: 'journal' | 'steps' }) | null
}

export interface CapacityColumns {
  readonly load: string
  readonly instances: string
  readonly utilization: string
}

const LOAD_NAMES = ['load', 'demand', 'requests', 'value', 'sessions', 'count']
const INSTANCES_NAMES = ['instances', 'ready', 'replicas']
const UTILIZATION_NAMES = ['utilization', 'utilisation', 'cpu', 'util', 'busy']
const DESIRED_NAMES = ['desired', 'wanted', 'target']

/**
 * Throws `TraceError`: `noColumn`, `whichColumn` where the record says nothing of either, `tooLittle` where what was asked for cannot
 * be told from it.
 */
export function fitTrace(trace: LoadTrace, asked: FitAsked): Fitted {
  const capacity = capacityOf(trace, asked)
  const boots = bootsOf(trace, asked)
  if (capacity !== null || boots !== null) return { capacity, boots }
  throw new TraceError(
    TRACE_CODES.whichColumn,
    'it does not say what one instance can serve: that takes columns of load, of ready instances and of utilization ' +
      '(--load, --instances, --utilization); nor how long one boots: that takes columns of desired and ready instances ' +
      `(--desired, --instances). The columns are ${listed(Object.keys(trace.columns))}.`,
    { file: trace.name },
  )
}

function capacityOf(trace: LoadTrace, asked: FitAsked): Fitted['capacity'] {
  const utilization = nameOf(trace, asked.utilization, UTILIZATION_NAMES)
  const load = nameOf(trace, asked.load, LOAD_NAMES)
  const instances = instancesOf(trace, asked.instances)
  const named = asked.utilization ?? asked.load
  if (utilization === null || load === null || instances === null) {
    if (named === undefined) return null
    const missing = [
      [utilization, 'utilization'],
      [load, 'load'],
      [instances, 'instances'],
    ].flatMap(([found, option]) => (found === null ? [`--${option}`] : []))
    throw new TraceError(
      TRACE_CODES.whichColumn,
      `it cannot be told which column is what: say it with ${missing.join(' and ')}. The columns are ${listed(Object.keys(trace.columns))}.`,
      { file: trace.name },
    )
  }
  const values = columnOf(trace, utilization)
  const ceiling = asked.ceiling ?? ceilingOf(values, utilization, trace.name)
  const fit = fitCapacity(
    { load: columnOf(trace, load), instances: instances.values, utilization: values, ceiling },
    { targetShare: asked.targetShare, random: asked.random },
  )
  if (fit !== null) return { ...fit, ceiling, columns: { load, utilization, instances: instances.name } }
  throw new TraceError(
    TRACE_CODES.tooLittle,
    `fewer than ${FEWEST_BINS} bins have load ("${load}"), instances (${instances.name}) and a utilization ("${utilization}") ` +
      `below ${0.95 * ceiling}: that is too little to draw a line through.`,
    { file: trace.name },
  )
}

function bootsOf(trace: LoadTrace, asked: FitAsked): Fitted['boots'] {
  if (asked.boots !== undefined) {
    const fit = fitBoots(asked.boots.boots, asked.boots.resolutionMs, asked.random)
    if (fit !== null) return { ...fit, from: 'journal' }
  }
  const desired = nameOf(trace, asked.desired, DESIRED_NAMES)
  const ready = nameOf(
    trace,
    numberIn(asked.instances) === null ? asked.instances : undefined,
    INSTANCES_NAMES,
  )
  if (desired !== null && ready !== null) {
    const boots = bootsFromSteps(columnOf(trace, desired), columnOf(trace, ready), trace.stepMs)
    const fit = fitBoots(boots, trace.stepMs, asked.random)
    if (fit !== null) return { ...fit, from: 'steps' }
  }
  if (asked.desired === undefined) return null
  throw new TraceError(
    TRACE_CODES.tooLittle,
    ready === null
      ? `it cannot be told which column has the ready instances: say it with --instances. The columns are ${listed(Object.keys(trace.columns))}.`
      : `no instance was ordered ("${desired}") and then ready ("${ready}") in it.`,
    { file: trace.name },
  )
}

interface Instances {
  /** As one would say it. */
  readonly name: string
  readonly values: Float64Array
}

function instancesOf(trace: LoadTrace, asked: string | undefined): Instances | null {
  const constant = numberIn(asked)
  if (constant !== null && asked !== undefined && !Object.hasOwn(trace.columns, asked)) {
    return { name: `always ${constant}`, values: new Float64Array(trace.length).fill(constant) }
  }
  const name = nameOf(trace, asked, INSTANCES_NAMES)
  return name === null ? null : { name: `"${name}"`, values: columnOf(trace, name) }
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : null
}

function nameOf(trace: LoadTrace, asked: string | undefined, usual: readonly string[]): string | null {
  const names = Object.keys(trace.columns)
  if (asked !== undefined) {
    if (names.includes(asked)) return asked
    throw noColumn(asked, names, { file: trace.name })
  }
  for (const name of usual) {
    const found = names.find(given => given.toLowerCase() === name)
    if (found !== undefined) return found
  }
  return null
}

function columnOf(trace: LoadTrace, name: string): Float64Array {
  const values = trace.columns[name]
  if (values === undefined) throw noColumn(name, Object.keys(trace.columns), { file: trace.name })
  return values
}

/** A little above is still full: measurements overshoot. */
const OVERSHOOT = 1.1

function ceilingOf(values: Float64Array, name: string, file: string): number {
  const most = values.reduce((largest, value) => (value > largest ? value : largest), 0)
  if (most <= OVERSHOOT) return 1
  if (most <= 100 * OVERSHOOT) return 100
  throw new TraceError(
    TRACE_CODES.whichColumn,
    `"${name}" reaches ${most}, so it is neither a share nor a percentage: say with --ceiling what it is when an instance is full.`,
    { file },
  )
}
