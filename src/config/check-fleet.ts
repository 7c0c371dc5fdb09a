/**
 * What is wrong inside one fleet: its parts, names given twice, bounds in the wrong order, unknown schedules, and
 * every expression.
 *
 * Example: two rules named "Scale up" are PLM-136 at the second name.
 */
import type { z } from 'zod'
import { checkSchedule } from './check-schedule.ts'
import { CODES } from './codes.ts'
import type { ContextMetric, ExpressionContext } from './expression/context.ts'
import { nearest } from './expression/nearest.ts'
import { type Parsed, parseCondition, parseExpression } from './expression/parse.ts'
import type { Listening } from './listening.ts'
import { type Check, checkPluginName } from './plugin-name.ts'
import { type Path, pathText } from './problem.ts'
import {
  capacitySchema,
  constraintSchema,
  fleetSchema,
  kpiSchema,
  ROUTERS,
  routerOfType,
  ruleSchema,
  scaleSchema,
  TARGETS,
  targetOfType,
} from './schema.ts'
import { isMapping, readEntries, readItems, readMapping, readObject, shown } from './shape.ts'
import { word } from './values.ts'

export interface FleetCheck extends Check {
  readonly schedules: ReadonlySet<string>
  readonly metrics: ReadonlyMap<string, ContextMetric>
  /** Filled with where this fleet listens. */
  readonly listening: Listening[]
}

const SECTIONS = ['target', 'router', 'capacity', 'constraints', 'kpis', 'rules']

export function checkFleet(check: FleetCheck, raw: unknown, path: Path): void {
  if (!readMapping(check, raw, path)) return
  readObject(check, fleetSchema(check.extensions), raw, path, SECTIONS)
  const kpis = new Set(isMapping(raw.kpis) ? Object.keys(raw.kpis) : [])
  const context: ExpressionContext = { metrics: check.metrics, kpis }
  if (raw.target !== undefined) checkTarget(check, raw.target, [...path, 'target'], context)
  if (raw.router !== undefined) checkRouter(check, raw.router, [...path, 'router'])
  checkCapacity(check, raw.capacity, [...path, 'capacity'])
  const names = new Map<string, string>([['capacity', 'the bounds of the fleet itself']])
  const constraints = [...path, 'constraints']
  for (const [index, constraint] of readItems(check, raw.constraints, constraints).entries()) {
    checkConstraint(check, constraint, [...constraints, index], names)
  }
  for (const [entry, kpi] of readEntries(check, word, raw.kpis, [...path, 'kpis'])) {
    checkKpi(check, kpi, [...path, 'kpis', entry], context)
  }
  const rules = [...path, 'rules']
  for (const [index, rule] of readItems(check, raw.rules, rules).entries()) {
    checkRule(check, rule, [...rules, index], names, context)
  }
}

function checkTarget(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  if (!readMapping(check, raw, path)) return
  const known = [...TARGETS, ...(check.extensions.targets ?? [])]
  const type = checkPluginName(check, 'target', raw.type, known, [...path, 'type'])
  const pieces = readPlugin(check, type === null ? null : targetOfType(type, check.extensions), raw, path)
  if (type === 'none' && typeof pieces?.count === 'string') {
    checkParsed(check, parseExpression(pieces.count, context), [...path, 'count'])
  }
}

function checkRouter(check: FleetCheck, raw: unknown, path: Path): void {
  if (!readMapping(check, raw, path)) return
  const known = [...ROUTERS, ...(check.extensions.routers ?? [])]
  const type = checkPluginName(check, 'router', raw.type, known, [...path, 'type'])
  const pieces = readPlugin(check, type === null ? null : routerOfType(type, check.extensions), raw, path)
  const listen = pieces?.listen
  if (type !== 'proxy' || !isMapping(listen)) return
  const { host, port } = listen
  if (typeof host !== 'string' || typeof port !== 'number') return
  const owner = `the proxy of fleet ${JSON.stringify(path[1])}`
  check.listening.push({ host, port, path: [...path, 'listen'], owner, needsToken: false })
}

function readPlugin(
  check: FleetCheck,
  schema: z.ZodObject | null,
  raw: unknown,
  path: Path,
): Readonly<Record<string, unknown>> | null {
  return schema === null ? null : readObject(check, schema, raw, path)
}

interface Bounds {
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly default?: number | undefined
}

function checkCapacity(check: FleetCheck, raw: unknown, path: Path): void {
  const pieces = readObject(check, capacitySchema, raw, path)
  if (pieces !== null) checkBounds(check, pieces, path)
}

function checkBounds(check: FleetCheck, { min, max, default: wanted }: Bounds, path: Path): void {
  if (min !== undefined && max !== undefined && min > max) {
    const message = `min ${min} is above max ${max}`
    check.report({
      code: CODES.minAboveMax,
      message,
      hint: 'swap them, or correct one',
      path: [...path, 'min'],
    })
    return
  }
  if (wanted === undefined) return
  const below = min !== undefined && wanted < min
  const above = max !== undefined && wanted > max
  if (!below && !above) return
  const message = below ? `default ${wanted} is below min ${min}` : `default ${wanted} is above max ${max}`
  check.report({
    code: CODES.defaultOutside,
    message,
    hint: 'choose a default from min to max',
    path: [...path, 'default'],
  })
}

function checkConstraint(check: FleetCheck, raw: unknown, path: Path, names: Map<string, string>): void {
  const inline = isMapping(raw) && isMapping(raw.schedule)
  const pieces = readObject(check, constraintSchema, raw, path, inline ? ['schedule'] : [])
  if (pieces === null || !isMapping(raw)) return
  checkName(check, pieces.name, names, path)
  checkBounds(check, pieces, path)
  if (inline) checkSchedule(check, raw.schedule, [...path, 'schedule'])
  else if (typeof pieces.schedule === 'string')
    checkScheduleName(check, pieces.schedule, [...path, 'schedule'])
}

function checkName(
  check: FleetCheck,
  name: string | undefined,
  names: Map<string, string>,
  path: Path,
): void {
  if (name === undefined) return
  const taken = names.get(name)
  if (taken === undefined) {
    names.set(name, `${pathText(path)}`)
    return
  }
  check.report({
    code: CODES.duplicateName,
    message: `the name ${shown(check, name, [...path, 'name'])} is already that of ${taken}`,
    hint: 'rules and constraints of a fleet need different names, since decisions are explained by them',
    path: [...path, 'name'],
  })
}

function checkScheduleName(check: FleetCheck, name: string, path: Path): void {
  if (check.schedules.has(name)) return
  const near = nearest(name, check.schedules)
  const known =
    check.schedules.size === 0 ? 'define it under "schedules:"' : `known: ${[...check.schedules].join(', ')}`
  check.report({
    code: CODES.unknownSchedule,
    message: `there is no schedule ${shown(check, name, path)}`,
    hint: near === null ? known : `did you mean ${near}?`,
    path,
  })
}

function checkKpi(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  const pieces = readObject(check, kpiSchema, raw, path)
  if (pieces?.goal === undefined) return
  const parsed = parseCondition(pieces.goal, context)
  checkParsed(check, parsed, [...path, 'goal'])
  const [tested] = parsed.ok ? parsed.kpis : []
  if (tested === undefined) return
  check.report({
    code: CODES.kpiInGoal,
    message: `the goal of a KPI may not test a KPI, and this one tests ${JSON.stringify(tested)}`,
    hint: `write out the condition of ${tested} instead`,
    path: [...path, 'goal'],
    at: pieces.goal.indexOf(tested),
    length: tested.length,
  })
}

function checkRule(
  check: FleetCheck,
  raw: unknown,
  path: Path,
  names: Map<string, string>,
  context: ExpressionContext,
): void {
  const pieces = readObject(check, ruleSchema, raw, path, ['scale'])
  if (pieces === null || !isMapping(raw)) return
  checkName(check, pieces.name, names, path)
  if (pieces.when !== undefined) checkParsed(check, parseCondition(pieces.when, context), [...path, 'when'])
  if (pieces.during !== undefined) checkScheduleName(check, pieces.during, [...path, 'during'])
  checkScale(check, raw.scale, [...path, 'scale'])
}

function checkScale(check: FleetCheck, raw: unknown, path: Path): void {
  const hint = 'write { by: 1 }, { by: "-20%", atLeast: 2 } or { to: 10 }'
  if (raw !== undefined && !isMapping(raw)) {
    const message = `"scale" is a mapping, found ${shown(check, raw, path)}`
    check.report({ code: CODES.wrongType, message, hint, path })
    return
  }
  const pieces = readObject(check, scaleSchema, raw, path)
  if (pieces === null || !isMapping(raw)) return
  if (raw.by === undefined && raw.to === undefined) {
    check.report({
      code: CODES.exclusiveKeys,
      message: '"scale" says neither "by" how much nor "to" what',
      hint,
      path,
    })
  }
  if (raw.by !== undefined && raw.to !== undefined) {
    check.report({
      code: CODES.exclusiveKeys,
      message: '"scale" has either "by" or "to"',
      hint,
      path: [...path, 'to'],
      part: 'key',
    })
  }
  const percent = pieces.by === undefined || pieces.by.kind === 'percent'
  if (raw.atLeast !== undefined && (raw.by === undefined || !percent)) {
    const message = '"atLeast" belongs to a percentage'
    check.report({ code: CODES.exclusiveKeys, message, hint, path: [...path, 'atLeast'], part: 'key' })
  }
}

/** Hands on what the expression language found, each at its own column. */
function checkParsed(check: FleetCheck, parsed: Parsed<unknown>, path: Path): void {
  if (parsed.ok) return
  const written = check.written.get(pathText(path))
  if (written === undefined) {
    for (const problem of parsed.problems) {
      const hint = problem.hint === null ? null : inLine(problem.hint)
      check.report({ ...problem, message: inLine(problem.message), hint, path })
    }
    return
  }
  // The words of the problem would show what the reference gave.
  const codes = [...new Set(parsed.problems.map(problem => problem.code))].join(', ')
  check.report({
    code: CODES.secretExpression,
    message: `the expression that ${written} gives is wrong (${codes})`,
    hint: 'write the expression into the file to see what is wrong with it',
    path,
  })
}

/** A sentence as it stands after a place and a colon. */
function inLine(sentence: string): string {
  const start = /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
  return start.replace(/\.$/, '')
}
