/**
 * From a fleet as read to its part of the `Spec`: collects what its rules, KPIs and guards read, whoever wrote them.
 * A draft at first, since groups and other fleets add rules to it.
 *
 * Example: `kpis: { busy: { goal: "avg(cpu, 45m) < 80%" } }` becomes a KPI whose goal compares the operand
 * `avg(cpu, 45m)` with 80, and `operands` lists that operand once, however many rules use it.
 */
import type { AggregateOperand, Condition, Expression } from '../model/expression.ts'
import type { Schedule } from '../model/schedule.ts'
import type {
  ConstraintRule,
  FleetSpec,
  Kpi,
  MetricSpec,
  PluginRef,
  ReactiveRule,
  SettingSpec,
} from '../model/spec.ts'
import { readAmount } from './amount.ts'
import { compileGuards, compileOutageGuard } from './compile-guards.ts'
import { compileRule, type ReadRule, type RuleWords, shortReserveRule } from './compile-rule.ts'
import { compileSchedule } from './compile-schedule.ts'
import { compileHealth, compileRepair, compileSessions } from './compile-sessions.ts'
import type { ExpressionContext } from './expression/context.ts'
import { type Parsed, parseCondition, parseExpression } from './expression/parse.ts'
import { Borrowed } from './foreign-rule.ts'
import type { Path } from './problem.ts'
import { entriesOf, record } from './record.ts'
import type { ReadConfig } from './schema.ts'

type ReadFleet = ReadConfig['fleets'][string]

/** By `originKey`: where in the file a rule or constraint of a fleet stands. */
export type Origins = ReadonlyMap<string, Path>

export function originKey(fleet: string, name: string): string {
  return JSON.stringify([fleet, name])
}

export class FleetDraft {
  readonly name: string
  readonly written: ReadFleet
  /** How texts are read in this fleet; what they name is noted as used. */
  readonly words: RuleWords
  readonly #context: ExpressionContext
  readonly #target: PluginRef
  readonly #origins: Map<string, Path>
  readonly #operands = new Map<string, AggregateOperand>()
  readonly #metrics: Map<string, MetricSpec>
  readonly #constraints: ConstraintRule[] = []
  readonly #kpis: Kpi[] = []
  readonly #rules: ReactiveRule[] = []
  readonly #count: Expression | null

  constructor(
    name: string,
    written: ReadFleet,
    metrics: Readonly<Record<string, MetricSpec>>,
    target: PluginRef,
    count: string | null,
    schedules: Schedule[],
    fleets: ReadonlySet<string>,
    origins: Map<string, Path>,
  ) {
    this.name = name
    this.written = written
    this.#target = target
    this.#origins = origins
    this.#metrics = new Map(entriesOf(metrics))
    // The metrics of the file: those borrowed later are not named in any text of this fleet.
    this.#context = { metrics: new Map(entriesOf(metrics)), kpis: new Set(Object.keys(written.kpis)), fleets }
    this.words = this.#wordsKeeping(operand => this.#operands.set(operand.key, operand), metrics)
    if (written.capacity !== undefined) {
      this.addConstraint(capacityOf(written.capacity), ['fleets', name, 'capacity'])
    }
    written.constraints.forEach((each, index) => {
      const path = ['fleets', name, 'constraints', index]
      this.addConstraint(compileConstraint(name, each, schedules), path)
    })
    for (const [kpi, { goal }] of entriesOf(written.kpis)) {
      this.#kpis.push({ name: kpi, goal: this.words.condition(goal), goalText: goal.trim() })
    }
    const reserve = written.sessions?.reserve
    if (reserve !== undefined) {
      this.addRule(shortReserveRule(reserve, this.words), ['fleets', name, 'sessions', 'reserve'])
    }
    written.rules.forEach((rule, index) => {
      const own = ownPart(rule, name)
      if (own !== null) this.addRule(compileRule(own, this.words), ['fleets', name, 'rules', index])
    })
    this.#count = count === null ? null : this.words.expression(count)
  }

  addConstraint(constraint: ConstraintRule, origin: Path): void {
    this.#constraints.push(constraint)
    this.#origins.set(originKey(this.name, constraint.name), origin)
  }

  addRule(rule: ReactiveRule, origin: Path): void {
    this.#rules.push(rule)
    this.#origins.set(originKey(this.name, rule.name), origin)
  }

  /** A rule of `owner` that scales this fleet: it keeps reading what it read there. */
  borrow(owner: FleetDraft, rule: ReadRule, origin: Path): void {
    const borrowed = new Borrowed(owner.name, this.name)
    const used = new Map<string, AggregateOperand>()
    const tested = new Set<string>()
    const words = owner.#wordsKeeping(
      operand => used.set(operand.key, operand),
      Object.fromEntries(owner.#metrics),
      kpi => tested.add(kpi),
    )
    const compiled = compileRule({ ...rule, set: {}, notify: [], run: [] }, words)
    if (compiled.kind !== 'when') throw new Error('A rule without a condition was to scale another fleet')
    for (const kpi of owner.#kpis) {
      if (!tested.has(kpi.name) || this.#kpis.some(({ name }) => name === borrowed.name(kpi.name))) continue
      // Read once more, for what its goal reads.
      words.condition(kpi.goalText)
      this.#kpis.push(borrowed.kpi(kpi))
    }
    for (const operand of used.values()) {
      const metric = owner.#metrics.get(operand.metric)
      if (metric === undefined) throw new Error('A rule over an unknown metric was compiled')
      const foreign = borrowed.aggregate(operand)
      this.#operands.set(foreign.key, foreign)
      this.#metrics.set(foreign.metric, borrowed.metric(metric))
    }
    const joined = {
      ...compiled,
      name: borrowed.name(rule.name),
      when: borrowed.condition(compiled.when),
    }
    this.addRule(joined, origin)
  }

  finish(routers: readonly PluginRef[], folder: string | null): FleetSpec {
    const { written } = this
    const outageGuard = compileOutageGuard(written.outageGuard, this.words.expression)
    const used = [...this.#operands.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    const metrics = [...this.#metrics].filter(([metric]) => used.some(operand => operand.metric === metric))
    const webhook = written.settingsWebhook
    return {
      name: this.name,
      target: this.#target,
      routers,
      sessions: compileSessions(written.sessions),
      health: compileHealth(written.health, folder),
      repair: compileRepair(written.repair),
      constraints: this.#constraints,
      kpis: this.#kpis,
      rules: this.#rules,
      metrics: record(metrics),
      operands: used,
      count: this.#count,
      guards: compileGuards(written),
      outageGuard,
      quota: written.quota ?? null,
      settings: record(
        entriesOf(written.settings).map(([name, setting]) => [name, settingOf(name, setting)]),
      ),
      settingsWebhook: webhook === undefined ? null : { url: webhook.url, secret: webhook.secret ?? null },
      mode: written.mode,
      approvalExpiresMs: written.approval.expires,
      everyMs: written.every,
      quorumRatio: written.quorum,
      warmupMs: written.warmup,
      bootTimeoutMs: written.bootTimeout,
      launchBatch: written.launchBatch,
    }
  }

  #wordsKeeping(
    keepOperand: (operand: AggregateOperand) => void,
    metrics: Readonly<Record<string, MetricSpec>>,
    keepKpi: (kpi: string) => void = () => undefined,
  ): RuleWords {
    const keep = <T>(parsed: Parsed<T>): T => {
      if (!parsed.ok) throw new Error('An expression that was refused was compiled')
      for (const operand of parsed.operands) keepOperand(operand)
      for (const kpi of parsed.kpis) keepKpi(kpi)
      return parsed.value
    }
    return {
      metrics,
      slotsPerInstance: this.written.sessions?.slotsPerInstance ?? null,
      condition: (text: string): Condition => keep(parseCondition(text, this.#context)),
      expression: (text: string): Expression => keep(parseExpression(text, this.#context)),
      amount: (text, against) => {
        const amount = readAmount(text, against, this.#context)
        if (!amount.ok) throw new Error('An amount that was refused was compiled')
        return amount.value
      },
    }
  }
}

/** What is left of a rule in the fleet that wrote it: its effects, where it scales another; `null` where it has none. */
function ownPart(rule: ReadRule, fleet: string): ReadRule | null {
  const { scale, ...rest } = rule
  if (scale?.fleet === undefined || scale.fleet === fleet) return rule
  const isEmpty = [rule.notify, rule.run, Object.keys(rule.set)].every(effects => effects.length === 0)
  return isEmpty ? null : rest
}

function settingOf(name: string, setting: ReadFleet['settings'][string]): SettingSpec {
  return typeof setting === 'object' ? { name, ...setting } : { name, default: setting, description: '' }
}

function capacityOf({ min, max, default: wanted }: NonNullable<ReadFleet['capacity']>): ConstraintRule {
  return { name: 'capacity', rank: 0, enabled: true, min, max, default: wanted ?? min, schedule: null }
}

/** A schedule written out inside a constraint joins the named ones, under a name no file can give. */
export function compileConstraint(
  owner: string,
  written: ReadFleet['constraints'][number],
  schedules: Schedule[],
): ConstraintRule {
  const { name, rank, enabled, min, max } = written
  let schedule: string | null = null
  if (typeof written.schedule === 'string') schedule = written.schedule
  else if (written.schedule !== undefined) {
    schedule = `${owner}/${name}`
    schedules.push(compileSchedule(schedule, written.schedule))
  }
  return { name, rank, enabled, min, max, default: written.default ?? null, schedule }
}
