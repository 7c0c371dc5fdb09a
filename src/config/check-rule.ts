/**
 * What is wrong with a rule: what makes it propose, what it proposes, and every name it uses.
 *
 * Example: `{ name: Follow, track: { metric: "avg(cpu, 5m)", target: 300ms } }` over a metric in percent is PLM-240 under
 * `300ms`.
 */
import { readAmount } from './amount.ts'
import { checkOneOf } from './check-one-of.ts'
import { checkParsed } from './check-parsed.ts'
import { requireSlots } from './check-sessions.ts'
import { CODES } from './codes.ts'
import type { ExpressionContext } from './expression/context.ts'
import { parseCondition, parseExpression } from './expression/parse.ts'
import { checkKnown, checkName, checkScheduleName, type FleetCheck, namesInAll } from './fleet-check.ts'
import type { Path } from './problem.ts'
import {
  bandSchema,
  forecastSchema,
  RULE_KINDS,
  ruleSchema,
  scaleSchema,
  serveSchema,
  stepsSchema,
  trackSchema,
} from './schema-rules.ts'
import { reserveSchema } from './schema-sessions.ts'
import { isMapping, readItems, readObject, shown } from './shape.ts'

/** Who has the rule: a fleet, or the fleets of a group, which must all understand it. */
export interface RuleOwner {
  /** `null` for a group. */
  readonly fleet: string | null
  readonly members: readonly unknown[]
  readonly context: ExpressionContext
}

const SECTIONS = ['steps', 'track', 'reserve', 'serve', 'forecast', 'scale', 'set']
const KIND_HINT = 'add one of them, e.g. when: "avg(cpu, 5m) > 80%"'

export function checkRule(
  check: FleetCheck,
  raw: unknown,
  path: Path,
  names: Map<string, string>,
  owner: RuleOwner,
): void {
  const pieces = readObject(check, ruleSchema, raw, path, SECTIONS)
  if (pieces === null || !isMapping(raw)) return
  checkName(check, pieces.name, names, path)
  checkKind(check, raw, path)
  const { context } = owner
  if (pieces.when !== undefined) checkParsed(check, parseCondition(pieces.when, context), [...path, 'when'])
  if (pieces.match !== undefined)
    checkParsed(check, parseExpression(pieces.match, context), [...path, 'match'])
  if (raw.steps !== undefined) checkSteps(check, raw.steps, [...path, 'steps'], context)
  if (raw.track !== undefined) checkTrack(check, raw.track, [...path, 'track'], context)
  if (raw.serve !== undefined) {
    const place = [...path, 'serve']
    checkDemand(check, readObject(check, serveSchema, raw.serve, place), place, context)
  }
  if (raw.forecast !== undefined) {
    const place = [...path, 'forecast']
    checkDemand(check, readObject(check, forecastSchema, raw.forecast, place), place, context)
  }
  if (raw.reserve !== undefined) checkReserve(check, raw.reserve, [...path, 'reserve'], owner)
  if (pieces.during !== undefined) checkScheduleName(check, pieces.during, [...path, 'during'])
  if (raw.scale !== undefined) checkScale(check, raw.scale, [...path, 'scale'], owner)
  checkSet(check, raw.set, [...path, 'set'], owner)
  checkNames(check, 'notifier', raw.notify, check.notifiers, [...path, 'notify'])
  checkNames(check, 'action', raw.run, check.actions, [...path, 'run'])
}

/** Exactly one of the kinds, and beside it only what belongs to it. */
function checkKind(check: FleetCheck, raw: Readonly<Record<string, unknown>>, path: Path): void {
  const kind = checkOneOf(check, raw, RULE_KINDS, path, 'a rule', KIND_HINT)
  if (kind === null) return
  if (kind !== 'when') {
    for (const key of ['scale', 'for']) {
      if (raw[key] === undefined) continue
      const hint =
        key === 'scale'
          ? `"${kind}" says itself how many are wanted: delete "scale"`
          : 'delete it, or use "when"'
      check.report({
        code: CODES.exclusiveKeys,
        message: `"${key}" belongs to "when", and this rule has "${kind}"`,
        hint,
        path: [...path, key],
        part: 'key',
      })
    }
    return
  }
  if (['scale', 'set', 'notify', 'run'].every(key => raw[key] === undefined)) {
    check.report({
      code: CODES.missing,
      message: 'the rule has no effect: "scale" is missing',
      hint: 'add scale: { by: 1 }, or one of set, notify, run',
      path: [...path, 'scale'],
    })
  }
}

function checkSteps(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  const pieces = readObject(check, stepsSchema, raw, path, ['bands'])
  if (pieces === null || !isMapping(raw)) return
  const against = operandOf(check, pieces.of, [...path, 'of'], context)
  if (pieces.threshold !== undefined) {
    checkAmount(check, pieces.threshold, against, [...path, 'threshold'], context)
  }
  if (raw.bands === undefined || !Array.isArray(raw.bands) || raw.bands.length === 0) {
    readObject(check, stepsSchema.pick({ bands: true }).loose(), raw, path)
    return
  }
  const bands = [...path, 'bands']
  const ranges = readItems(check, raw.bands, bands).map((band, index) =>
    checkBand(check, band, [...bands, index], against, context),
  )
  checkOverlaps(check, ranges, bands)
}

interface Range {
  readonly from: number
  readonly to: number
}

/** Where the band lies; `null` when that cannot be said. */
function checkBand(
  check: FleetCheck,
  raw: unknown,
  path: Path,
  against: string | null,
  context: ExpressionContext,
): Range | null {
  const pieces = readObject(check, bandSchema, raw, path)
  if (pieces === null || !isMapping(raw)) return null
  const hint = 'write by: 1, by: "10%" or count: 10'
  checkOneOf(check, raw, ['by', 'count'], path, 'a band', hint)
  checkAtLeast(check, raw, pieces.by?.kind, path)
  const limit = (key: 'from' | 'to', otherwise: number): number | null => {
    const text = pieces[key]
    if (text === undefined && raw[key] !== undefined) return null
    return text === undefined || text === null
      ? otherwise
      : checkAmount(check, text, against, [...path, key], context)
  }
  const from = limit('from', Number.NEGATIVE_INFINITY)
  const to = limit('to', Number.POSITIVE_INFINITY)
  if (from === null || to === null) return null
  if (from < to) return { from, to }
  check.report({
    code: CODES.band,
    message: `the band is empty: ${from} is not below ${to}`,
    hint: 'swap "from" and "to", or correct one',
    path: [...path, 'from'],
  })
  return null
}

function checkOverlaps(check: FleetCheck, ranges: readonly (Range | null)[], path: Path): void {
  ranges.forEach((range, index) => {
    const other = ranges
      .slice(0, index)
      .findIndex(
        earlier => range !== null && earlier !== null && range.from < earlier.to && earlier.from < range.to,
      )
    if (other < 0) return
    check.report({
      code: CODES.band,
      message: `bands ${other + 1} and ${index + 1} overlap`,
      hint: 'let each band begin where another one ends',
      path: [...path, index],
    })
  })
}

function checkTrack(check: FleetCheck, raw: unknown, path: Path, context: ExpressionContext): void {
  const pieces = readObject(check, trackSchema, raw, path)
  if (pieces === null) return
  const against = operandOf(check, pieces.metric, [...path, 'metric'], context)
  if (pieces.target === undefined) return
  const target = checkAmount(check, pieces.target, against, [...path, 'target'], context)
  if (target === null || target > 0) return
  check.report({
    code: CODES.range,
    message: `a target of ${target} cannot be kept: no number of instances brings the metric there`,
    hint: 'choose one above 0',
    path: [...path, 'target'],
  })
}

interface Demand {
  readonly metric?: string | undefined
  readonly perInstance?: string | undefined
}

function checkDemand(check: FleetCheck, pieces: Demand | null, path: Path, context: ExpressionContext): void {
  if (pieces === null) return
  const against = operandOf(check, pieces.metric, [...path, 'metric'], context)
  if (pieces.perInstance === undefined) return
  const served = checkAmount(check, pieces.perInstance, against, [...path, 'perInstance'], context)
  if (served === null || served > 0) return
  check.report({
    code: CODES.range,
    message: `an instance that serves ${served} serves no demand: no number of them would do`,
    hint: 'say how much of the metric one ready instance can serve, above 0',
    path: [...path, 'perInstance'],
  })
}

function checkReserve(check: FleetCheck, raw: unknown, path: Path, { members }: RuleOwner): void {
  if (readObject(check, reserveSchema, raw, path) === null) return
  for (const member of members) {
    requireSlots(check, member, { what: 'a reserve counts in slots', path })
  }
}

/** The expression when it is right; reports what is wrong with it. */
function operandOf(
  check: FleetCheck,
  text: string | undefined,
  path: Path,
  context: ExpressionContext,
): string | null {
  if (text === undefined) return null
  const parsed = parseExpression(text, context)
  checkParsed(check, parsed, path)
  return parsed.ok ? text : null
}

function checkAmount(
  check: FleetCheck,
  text: string,
  against: string | null,
  path: Path,
  context: ExpressionContext,
): number | null {
  if (against === null) return null
  const amount = readAmount(text, against, context)
  checkParsed(check, amount, path)
  return amount.ok ? amount.value : null
}

const SCALE_HINT = 'write { by: 1 }, { by: "-20%", atLeast: 2 } or { to: 10 }'

function checkScale(check: FleetCheck, raw: unknown, path: Path, owner: RuleOwner): void {
  if (!isMapping(raw)) {
    const message = `"scale" is a mapping, found ${shown(check, raw, path)}`
    check.report({ code: CODES.wrongType, message, hint: SCALE_HINT, path })
    return
  }
  const pieces = readObject(check, scaleSchema, raw, path)
  if (pieces === null) return
  if (raw.by === undefined && raw.to === undefined) {
    check.report({
      code: CODES.exclusiveKeys,
      message: '"scale" says neither "by" how much nor "to" what',
      hint: SCALE_HINT,
      path,
    })
  }
  if (raw.by !== undefined && raw.to !== undefined) {
    check.report({
      code: CODES.exclusiveKeys,
      message: '"scale" has either "by" or "to"',
      hint: SCALE_HINT,
      path: [...path, 'to'],
      part: 'key',
    })
  }
  checkAtLeast(check, raw, pieces.by?.kind, path)
  if (pieces.fleet !== undefined) checkOtherFleet(check, pieces.fleet, [...path, 'fleet'], owner)
}

function checkAtLeast(
  check: FleetCheck,
  raw: Readonly<Record<string, unknown>>,
  kind: 'by' | 'percent' | undefined,
  path: Path,
): void {
  // What `by` is wrong about has been said.
  const percent = raw.by !== undefined && kind !== 'by'
  if (raw.atLeast === undefined || percent) return
  check.report({
    code: CODES.exclusiveKeys,
    message: '"atLeast" belongs to a percentage',
    hint: SCALE_HINT,
    path: [...path, 'atLeast'],
    part: 'key',
  })
}

function checkOtherFleet(check: FleetCheck, fleet: string, path: Path, owner: RuleOwner): void {
  if (owner.fleet === null) {
    check.report({
      code: CODES.groupRule,
      message: 'a rule of a group scales the fleets of the group',
      hint: 'delete "fleet", or write the rule in a fleet',
      path,
    })
    return
  }
  checkKnown(check, 'fleet', fleet, check.fleets.keys(), path)
}

/** Every setting must be known, and keep its type. */
function checkSet(check: FleetCheck, raw: unknown, path: Path, { members }: RuleOwner): void {
  const pieces = readObject(check, ruleSchema.pick({ set: true }), { set: raw }, path.slice(0, -1))
  if (pieces?.set === undefined || !isMapping(raw)) return
  const known = namesInAll(members, 'settings')
  for (const [setting, value] of Object.entries(pieces.set)) {
    const place = [...path, setting]
    if (!checkKnown(check, 'setting', setting, known, place, 'key')) continue
    const kind = kindOfSetting(members, setting, value)
    if (kind === null) continue
    check.report({
      code: CODES.settingType,
      message: `the setting ${JSON.stringify(setting)} is ${kind} by default, and here it is ${shown(check, value, place)}`,
      hint: 'give it a value of the same type, so that the application can read it',
      path: place,
    })
  }
}

/** The type of the default, where some member's is another than the value's. */
function kindOfSetting(members: readonly unknown[], setting: string, value: unknown): string | null {
  for (const member of members) {
    const settings = isMapping(member) ? member.settings : undefined
    const written = isMapping(settings) ? settings[setting] : undefined
    const fallback = isMapping(written) ? written.default : written
    const kind = KINDS[typeof fallback]
    if (kind !== undefined && typeof fallback !== typeof value) return kind
  }
  return null
}

const KINDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  number: 'a number',
  string: 'a text',
}

function checkNames(
  check: FleetCheck,
  what: 'notifier' | 'action',
  raw: unknown,
  known: ReadonlySet<string>,
  path: Path,
): void {
  const named = typeof raw === 'string' ? [[raw, path] as const] : listed(raw, path)
  for (const [name, place] of named) checkKnown(check, what, name, known, place)
}

function listed(raw: unknown, path: Path): readonly (readonly [string, Path])[] {
  if (!Array.isArray(raw)) return []
  return raw.flatMap((name: unknown, index) =>
    typeof name === 'string' ? [[name, [...path, index]] as const] : [],
  )
}
