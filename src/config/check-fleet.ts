/**
 * What is wrong inside one fleet: its parts, names given twice, bounds in the wrong order, unknown schedules, and
 * every expression.
 *
 * Example: two rules named "Scale up" are PLM-136 at the second name.
 */
import type { z } from 'zod'
import { checkOneOf } from './check-one-of.ts'
import { checkParsed } from './check-parsed.ts'
import { checkRule } from './check-rule.ts'
import { checkSchedule } from './check-schedule.ts'
import { checkSessions } from './check-sessions.ts'
import { CODES } from './codes.ts'
import { RESERVE_RULE } from './compile-rule.ts'
import type { ExpressionContext } from './expression/context.ts'
import { parseCondition, parseExpression } from './expression/parse.ts'
import { checkName, checkScheduleName, contextOf, type FleetCheck } from './fleet-check.ts'
import { checkPluginName } from './plugin-name.ts'
import type { Path } from './problem.ts'
import { capacitySchema, constraintSchema, fleetSchema, kpiSchema } from './schema-fleet.ts'
import { outageGuardSchema, rateLimitSchema, rateLimitsSchema } from './schema-guards.ts'
import { settingEntry, settingSchema } from './schema-rules.ts'
import { TARGETS, targetOfType } from './schema-targets.ts'
import { isMapping, readEntries, readItems, readMapping, readObject, readValue } from './shape.ts'
import { word } from './values.ts'

const SECTIONS = [
  'target',
  'router',
  'sessions',
  'health',
  'repair',
  'capacity',
  'constraints',
  'kpis',
  'settings',
  'rules',
  'outageGuard',
  'rateLimits',
]

export function checkFleet(check: FleetCheck, raw: unknown, path: Path): void {
  if (!readMapping(check, raw, path)) return
  readObject(check, fleetSchema(check.extensions), raw, path, SECTIONS)
  const context = contextOf(check, [raw])
  if (raw.target !== undefined) checkTarget(check, raw.target, [...path, 'target'], context)
  checkSessions(check, raw, path)
  // Only there a fleet without bounds is one that nothing may change.
  if (raw.capacity !== undefined || raw.preset !== 'wasabi') {
    checkCapacity(check, raw.capacity, [...path, 'capacity'])
  }
  const names = new Map<string, string>([['capacity', 'the bounds of the fleet itself']])
  if (isMapping(raw.sessions) && raw.sessions.reserve !== undefined) {
    names.set(RESERVE_RULE, 'the rule that "sessions" has for its reserve')
  }
  const constraints = [...path, 'constraints']
  for (const [index, constraint] of readItems(check, raw.constraints, constraints).entries()) {
    checkConstraint(check, constraint, [...constraints, index], names)
  }
  for (const [entry, kpi] of readEntries(check, word, raw.kpis, [...path, 'kpis'])) {
    checkKpi(check, kpi, [...path, 'kpis', entry], context)
  }
  checkSettings(check, raw.settings, [...path, 'settings'])
  const rules = [...path, 'rules']
  const owner = { fleet: String(path.at(-1)), members: [raw], context }
  for (const [index, rule] of readItems(check, raw.rules, rules).entries()) {
    checkRule(check, rule, [...rules, index], names, owner)
  }
  if (raw.outageGuard !== undefined)
    checkOutageGuard(check, raw.outageGuard, [...path, 'outageGuard'], context)
  if (raw.rateLimits !== undefined) checkRateLimits(check, raw.rateLimits, [...path, 'rateLimits'])
  checkBillingHour(check, raw, [...path, 'billingHour'])
}

/** By age there is nothing that growing could wait for, and of a mere count nobody knows the ages. */
function checkBillingHour(
  check: FleetCheck,
  { billingHour, target }: Readonly<Record<string, unknown>>,
  path: Path,
): void {
  if (!isMapping(billingHour) || billingHour.by !== 'age') return
  if (billingHour.outFirst !== undefined) {
    const message = 'outFirst does not go with by: age: an hour of its own begins with every launch'
    const hint = 'leave out outFirst, or write by: wall-clock'
    check.report({ code: CODES.exclusiveKeys, message, hint, path: [...path, 'outFirst'], part: 'key' })
  }
  if (isMapping(target) && target.count !== undefined) {
    const message = 'by: age asks when instances were launched, and this target only counts them'
    check.report({ code: CODES.notAllowed, message, hint: 'write by: wall-clock', path: [...path, 'by'] })
  } else if (billingHour.inLast === undefined) {
    const message = 'by: age without inLast holds nothing'
    check.report({ code: CODES.missing, message, hint: 'add inLast: 10m', path: [...path, 'by'] })
  }
}

function checkSettings(check: FleetCheck, raw: unknown, path: Path): void {
  for (const [entry, setting] of readEntries(check, word, raw, path)) {
    const place = [...path, entry]
    if (isMapping(setting)) readObject(check, settingSchema, setting, place)
    else readValue(check, settingEntry, setting, place)
  }
}

function checkOutageGuard(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  const pieces = readObject(check, outageGuardSchema, raw, path)
  if (pieces?.of !== undefined) checkParsed(check, parseExpression(pieces.of, context), [...path, 'of'])
}

function checkRateLimits(check: FleetCheck, raw: unknown, path: Path): void {
  if (readObject(check, rateLimitsSchema, raw, path, ['out', 'in']) === null || !isMapping(raw)) return
  for (const direction of ['out', 'in']) {
    const limits = [...path, direction]
    for (const [index, limit] of readItems(check, raw[direction], limits).entries()) {
      const place = [...limits, index]
      if (readObject(check, rateLimitSchema, limit, place) === null || !isMapping(limit)) continue
      checkOneOf(check, limit, ['instances', 'percent'], place, 'a rate limit', RATE_LIMIT_HINT)
    }
  }
}

const RATE_LIMIT_HINT = 'write { instances: 4, per: 1m } or { percent: 100%, per: 1m }'

function checkTarget(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  if (!readMapping(check, raw, path)) return
  const known = [...TARGETS, ...(check.extensions.targets ?? [])]
  const type = checkPluginName(check, 'target', raw.type, known, [...path, 'type'])
  const pieces = readPlugin(check, type === null ? null : targetOfType(type, check.extensions), raw, path)
  if (type === 'none' && typeof pieces?.count === 'string') {
    checkParsed(check, parseExpression(pieces.count, context), [...path, 'count'])
  }
  if (type === 'azure-vmss') checkScaleSet(check, raw, path)
}

function checkScaleSet(
  check: FleetCheck,
  { ledger, zones }: Readonly<Record<string, unknown>>,
  path: Path,
): void {
  if (ledger !== true || !Array.isArray(zones) || zones.length === 0) return
  check.report({
    code: CODES.exclusiveKeys,
    message:
      'a target has either "zones" or "ledger: true": a launch in a zone cannot be entered in the ledger in the same call',
    hint: 'delete "ledger", or delete "zones" and let Azure spread the instances',
    path: [...path, 'zones'],
  })
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

export function checkConstraint(
  check: FleetCheck,
  raw: unknown,
  path: Path,
  names: Map<string, string>,
): void {
  const inline = isMapping(raw) && isMapping(raw.schedule)
  const pieces = readObject(check, constraintSchema, raw, path, inline ? ['schedule'] : [])
  if (pieces === null || !isMapping(raw)) return
  checkName(check, pieces.name, names, path)
  checkBounds(check, pieces, path)
  if (inline) checkSchedule(check, raw.schedule, [...path, 'schedule'])
  else if (typeof pieces.schedule === 'string')
    checkScheduleName(check, pieces.schedule, [...path, 'schedule'])
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
