/**
 * From a file without errors to the `Spec` the engine reads: plain, deeply frozen data in code units.
 *
 * Example: `kpis: { busy: { goal: "avg(cpu, 45m) < 80%" } }` becomes a KPI whose goal compares the operand
 * `avg(cpu, 45m)` with 80, and `operands` lists that operand once, however many rules use it.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Schedule } from '../model/schedule.ts'
import type {
  ActionSpec,
  FleetSpec,
  LabelFilter,
  MetricSpec,
  NotifierSpec,
  PluginRef,
  Spec,
} from '../model/spec.ts'
import { compileConstraint, FleetDraft, type Origins } from './compile-fleet.ts'
import { compileRule } from './compile-rule.ts'
import { compileSchedule } from './compile-schedule.ts'
import { constraintTimes, groupName, ruleTimes } from './groups.ts'
import { kindOfMetric, metricFacts } from './metric-facts.ts'
import type { Path } from './problem.ts'
import { entriesOf, record } from './record.ts'
import type { ReadConfig } from './schema.ts'
import { optionsOfMetric } from './schema-metrics.ts'
import { pluginRef } from './schema-plugins.ts'
import { routerOptions } from './schema-routers.ts'
import { targetOptions } from './schema-targets.ts'
import { withSocketPaths } from './socket-paths.ts'

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
  readonly notifiers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly actions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly metrics: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly fleets: Readonly<Record<string, { readonly target?: unknown; readonly router?: unknown }>>
}

/** With where each rule and constraint was written: those of groups and of other fleets stand elsewhere in the file. */
export interface Compiled {
  readonly spec: Spec
  readonly origins: Origins
}

export function compile(input: CompileInput): Compiled {
  const { config, text } = input
  const schedules = entriesOf(config.schedules).map(([name, schedule]) => compileSchedule(name, schedule))
  const metrics = record(
    entriesOf(config.metrics).map(([name, metric]) => [name, compileMetric(name, metric, input)]),
  )
  const origins = new Map<string, Path>()
  const names = new Set(Object.keys(config.fleets))
  const drafts = new Map(
    entriesOf(config.fleets).map(([name, fleet]) => {
      const target = targetOf(input, name)
      return [
        name,
        new FleetDraft(name, fleet, metrics, target, countText(target), schedules, names, origins),
      ]
    }),
  )
  for (const draft of drafts.values()) addForeignRules(draft, drafts)
  for (const [group, written] of entriesOf(config.groups)) addGroup(group, written, drafts, schedules)
  const fleets = [...drafts.values()].map((draft): FleetSpec => {
    const router = input.written.fleets[draft.name]?.router
    const written = router === undefined ? usualRouters(draft) : Array.isArray(router) ? router : [router]
    return draft.finish(
      written.map(each => withSocketPaths(pluginRef(routerOptions, each), input.folder)),
      input.folder,
    )
  })
  const spec: Spec = freeze({
    digest: digestOf(text),
    fleets: record(fleets.map(fleet => [fleet.name, fleet])),
    metrics,
    schedules: record(schedules.map(schedule => [schedule.name, schedule])),
    notifiers: record(
      entriesOf(config.notifiers).map(([name, read]) => [name, notifierOf(name, read, input)]),
    ),
    actions: record(entriesOf(config.actions).map(([name, read]) => [name, actionOf(name, read, input)])),
  })
  return { spec, origins }
}

/** A fleet with sessions has the broker, unless its file names another router; advice needs none. */
function usualRouters({ written }: FleetDraft): readonly unknown[] {
  return written.sessions === undefined || written.target.type === 'none' ? [] : [{ type: 'broker' }]
}

/** Rules that scale another fleet join that fleet's rules. */
function addForeignRules(draft: FleetDraft, drafts: ReadonlyMap<string, FleetDraft>): void {
  draft.written.rules.forEach((rule, index) => {
    const target = rule.scale?.fleet
    if (target === undefined || target === draft.name) return
    drafts.get(target)?.borrow(draft, rule, ['fleets', draft.name, 'rules', index])
  })
}

/** Each fleet of a group gets a rule and a constraint of its own for each of the group's. */
function addGroup(
  group: string,
  { fleets, rules, constraints }: ReadConfig['groups'][string],
  drafts: ReadonlyMap<string, FleetDraft>,
  schedules: Schedule[],
): void {
  const base = ['groups', group]
  const compiled = constraints.map(each => compileConstraint(group, each, schedules))
  for (const [member, ratio] of entriesOf(fleets)) {
    const draft = drafts.get(member)
    if (draft === undefined) throw new Error('A group of an unknown fleet was compiled')
    compiled.forEach((constraint, index) => {
      const named = { ...constraint, name: groupName(group, constraint.name) }
      draft.addConstraint(constraintTimes(named, ratio), [...base, 'constraints', index])
    })
    rules.forEach((written, index) => {
      const rule = compileRule({ ...written, name: groupName(group, written.name) }, draft.words)
      draft.addRule(ruleTimes(rule, ratio), [...base, 'rules', index])
    })
  }
}

function notifierOf(
  name: string,
  { type, on, every }: ReadConfig['notifiers'][string],
  { written, folder }: CompileInput,
): NotifierSpec {
  const { type: _type, on: _on, every: _every, ...options } = written.notifiers[name] ?? {}
  return {
    name,
    type,
    options: type === 'command' ? withFolder(options, folder) : options,
    on: [...new Set(on)],
    everyMs: every,
  }
}

function actionOf(
  name: string,
  { type }: ReadConfig['actions'][string],
  { written, folder }: CompileInput,
): ActionSpec {
  const { type: _type, ...options } = written.actions[name] ?? {}
  return { name, type, options: type === 'command' ? withFolder(options, folder) : options }
}

function targetOf({ written, folder }: CompileInput, fleet: string): PluginRef {
  return inFolder(pluginRef(targetOptions, written.fleets[fleet]?.target ?? { type: 'none' }), folder)
}

/** Where the target has no instances of its own to count: the count, as an expression. */
function countText({ type, options }: PluginRef): string | null {
  return type === 'none' && typeof options.count === 'string' ? options.count : null
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
    kind: kindOfMetric(metric),
    unit,
    source: metric.source,
    options: metric.source === 'command' ? withFolder(options, folder) : options,
    everyMs: metric.every,
    staleAfterMs,
    ...(metric.delay === 0 ? {} : { delayMs: metric.delay }),
    ofFleet: null,
    grainMs: metric.grain ?? null,
    across: metric.grain === undefined ? null : (metric.across ?? 'avg'),
    filter: entriesOf(metric.filter).map(([label, values]): LabelFilter => {
      return 'not' in values
        ? { label, operator: 'not-in', values: values.not }
        : { label, operator: 'in', values }
    }),
    dividePerInstance: metric.dividePerInstance,
  }
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

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
  return value
}
