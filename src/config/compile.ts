/**
 * From a file without errors to the `Spec` the engine reads: plain, deeply frozen data in code units.
 *
 * Example: `kpis: { busy: { goal: "avg(cpu, 45m) < 80%" } }` becomes a KPI whose goal compares the operand
 * `avg(cpu, 45m)` with 80, and `operands` lists that operand once, however many rules use it.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { AggregateOperand, Condition, Expression } from '../model/expression.ts'
import type { Schedule } from '../model/schedule.ts'
import type {
  ConstraintRule,
  FleetSpec,
  Kpi,
  MetricSpec,
  PluginRef,
  ReactiveRule,
  ScaleAction,
  Spec,
} from '../model/spec.ts'
import { compileSchedule } from './compile-schedule.ts'
import type { ExpressionContext } from './expression/context.ts'
import { type Parsed, parseCondition, parseExpression } from './expression/parse.ts'
import { metricFacts } from './metric-facts.ts'
import { optionsOfMetric, pluginRef, type ReadConfig, routerOptions, targetOptions } from './schema.ts'

type ReadFleet = ReadConfig['fleets'][string]

/**
 * The written and the read form of one file: a plugin's options are read again from what was written.
 * `folder` is where a process target runs and relative folders count from; `null` leaves them as they are.
 */
export interface CompileInput {
  readonly config: ReadConfig
  readonly written: WrittenConfig
  readonly text: string
  readonly folder: string | null
}

/** Only where a plugin's options stand. */
export interface WrittenConfig {
  readonly metrics: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly fleets: Readonly<Record<string, { readonly target?: unknown; readonly router?: unknown }>>
}

export function compile(input: CompileInput): Spec {
  const { config, text } = input
  const schedules = entriesOf(config.schedules).map(([name, schedule]) => compileSchedule(name, schedule))
  const metrics = record(
    entriesOf(config.metrics).map(([name, metric]) => [name, compileMetric(name, metric, input)]),
  )
  const fleets = entriesOf(config.fleets).map(([name, fleet]) =>
    compileFleet(name, fleet, metrics, input, schedules),
  )
  return freeze({
    digest: digestOf(text),
    fleets: record(fleets.map(fleet => [fleet.name, fleet])),
    metrics,
    schedules: record(schedules.map(schedule => [schedule.name, schedule])),
    notifiers: {},
    actions: {},
  })
}

/** First 16 hex digits of the SHA-256 of a configuration's text. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function compileMetric(
  name: string,
  metric: ReadConfig['metrics'][string],
  { written, folder }: CompileInput,
): MetricSpec {
  const { unit, staleAfterMs } = metricFacts(metric)
  const options = optionsOfMetric(metric.source, written.metrics[name] ?? {})
  return {
    name,
    kind: metric.kind,
    unit,
    source: metric.source,
    options: metric.source === 'command' ? withFolder(options, folder) : options,
    everyMs: metric.every,
    staleAfterMs,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  }
}

function compileFleet(
  name: string,
  fleet: ReadFleet,
  metrics: Readonly<Record<string, MetricSpec>>,
  { written, folder }: CompileInput,
  schedules: Schedule[],
): FleetSpec {
  const context: ExpressionContext = {
    metrics: new Map(Object.entries(metrics)),
    kpis: new Set(Object.keys(fleet.kpis)),
  }
  const operands = new Map<string, AggregateOperand>()
  const keep = <T>(parsed: Parsed<T>): T => {
    if (!parsed.ok) throw new Error('An expression that was refused was compiled')
    for (const operand of parsed.operands) operands.set(operand.key, operand)
    return parsed.value
  }
  const condition = (text: string): Condition => keep(parseCondition(text, context))
  const plugins = written.fleets[name]
  const target = inFolder(pluginRef(targetOptions, plugins?.target ?? { type: 'none' }), folder)
  const kpis = entriesOf(fleet.kpis).map(
    ([kpi, { goal }]): Kpi => ({ name: kpi, goal: condition(goal), goalText: goal.trim() }),
  )
  const rules = fleet.rules.map(rule => compileRule(rule, condition(rule.when)))
  const count = countOf(target, text => keep(parseExpression(text, context)))
  const used = [...operands.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  const cooldown =
    typeof fleet.cooldown === 'number' ? { out: fleet.cooldown, in: fleet.cooldown } : fleet.cooldown
  return {
    name,
    target,
    router: plugins?.router === undefined ? null : pluginRef(routerOptions, plugins.router),
    constraints: [
      capacityOf(fleet),
      ...fleet.constraints.map(each => compileConstraint(name, each, schedules)),
    ],
    kpis,
    rules,
    metrics: record(entriesOf(metrics).filter(([metric]) => used.some(operand => operand.metric === metric))),
    operands: used,
    count,
    guards: {
      scaleIn: fleet.scaleIn,
      flapping: fleet.flapping,
      cooldownOutMs: cooldown.out,
      cooldownInMs: cooldown.in,
      cooldownFrom: fleet.cooldownFrom,
      stabilizationOutMs: fleet.stabilization.out,
      stabilizationInMs: fleet.stabilization.in,
      rateOut: { limits: [], select: 'max' },
      rateIn: { limits: [], select: 'max' },
      billingHour: null,
      growDuringWarmup: true,
      withoutConstraint: 'free',
    },
    outageGuard: null,
    quota: null,
    settings: {},
    settingsWebhook: null,
    mode: fleet.mode,
    approvalExpiresMs: 1_800_000,
    everyMs: fleet.every,
    quorumRatio: fleet.quorum,
    warmupMs: fleet.warmup,
    bootTimeoutMs: fleet.bootTimeout,
    launchBatch: fleet.launchBatch,
  }
}

function compileRule(rule: ReadFleet['rules'][number], when: Condition): ReactiveRule {
  return {
    name: rule.name,
    rank: rule.rank,
    enabled: rule.enabled,
    kind: 'when',
    effects: { set: {}, notify: [], run: [] },
    when,
    whenText: rule.when.trim(),
    scale: scaleOf(rule.scale),
    forMs: rule.for,
    during: rule.during ?? null,
    cooldownMs: rule.cooldown ?? null,
  }
}

function scaleOf({ by, to, atLeast }: ReadFleet['rules'][number]['scale']): ScaleAction {
  if (to !== undefined) return { kind: 'to', instances: to }
  if (by === undefined) throw new Error('A scale without "by" and "to" was compiled')
  return by.kind === 'by' ? by : { ...by, atLeast: atLeast ?? 1 }
}

function capacityOf({ capacity: { min, max, default: wanted } }: ReadFleet): ConstraintRule {
  return { name: 'capacity', rank: 0, enabled: true, min, max, default: wanted ?? min, schedule: null }
}

/** A schedule written out inside a constraint joins the named ones, under a name no file can give. */
function compileConstraint(
  fleet: string,
  written: ReadFleet['constraints'][number],
  schedules: Schedule[],
): ConstraintRule {
  const { name, rank, enabled, min, max } = written
  let schedule: string | null = null
  if (typeof written.schedule === 'string') schedule = written.schedule
  else if (written.schedule !== undefined) {
    schedule = `${fleet}/${name}`
    schedules.push(compileSchedule(schedule, written.schedule))
  }
  return { name, rank, enabled, min, max, default: written.default ?? null, schedule }
}

function countOf(target: PluginRef, parse: (text: string) => Expression): Expression | null {
  return target.type === 'none' && typeof target.options.count === 'string'
    ? parse(target.options.count)
    : null
}

/** Commands run in the configuration file's folder, wherever Plimsoll was started from. */
function inFolder(target: PluginRef, folder: string | null): PluginRef {
  const runsCommands = target.type === 'process' || target.type === 'command'
  return runsCommands ? { type: target.type, options: withFolder(target.options, folder) } : target
}

function withFolder(
  options: Readonly<Record<string, unknown>>,
  folder: string | null,
): Readonly<Record<string, unknown>> {
  const { cwd } = options
  return folder === null ? options : { ...options, cwd: resolve(folder, typeof cwd === 'string' ? cwd : '.') }
}

function entriesOf<T>(object: Readonly<Record<string, T>>): readonly [string, T][] {
  return Object.entries(object)
}

/** Without a prototype, so that no name finds what nobody configured. */
function record<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const result: Record<string, T> = Object.create(null)
  for (const [name, value] of entries) result[name] = value
  return result
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
  return value
}
