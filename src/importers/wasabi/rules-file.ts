/**
 * The Application Block's rules file: constraint rules, reactive rules and operands, as they stand there.
 *
 * Example: `<range target="web" min="2" max="6"/>` in the rule "Peak" is `{ target: 'web', min: 2, max: 6 }` of a constraint.
 */
import { IMPORT_CODES, type SourcePlace } from '../import-error.ts'
import type { XmlDocument, XmlElement } from '../xml/read-xml.ts'
import { type Condition, readCondition } from './conditions.ts'
import { isOf, type Reading, RULES_NAMESPACE } from './reading.ts'
import { readTimetable, type Timetable } from './timetable.ts'

interface RuleFrame {
  readonly place: SourcePlace
  readonly name: string
  readonly description: string | null
  readonly enabled: boolean
  readonly rank: number
}

export interface Range {
  readonly place: SourcePlace
  readonly target: string
  readonly min: number
  readonly max: number
}

export interface Constraint extends RuleFrame {
  readonly ranges: readonly Range[]
  readonly timetable: Timetable | null
}

export type Action =
  | { readonly kind: 'scale'; readonly place: SourcePlace; readonly target: string; readonly by: string }
  | {
      readonly kind: 'set'
      readonly place: SourcePlace
      readonly target: string
      readonly setting: string
      readonly value: string
    }

export interface Reactive extends RuleFrame {
  readonly when: Condition | null
  readonly actions: readonly Action[]
}

export type OperandKind = 'performanceCounter' | 'queueLength' | 'roleInstanceCount' | 'custom'
export const AGGREGATES = ['Average', 'Max', 'Min', 'Last', 'Growth'] as const

export interface Operand {
  readonly place: SourcePlace
  readonly kind: OperandKind
  readonly alias: string
  /** Role, queue, or the element of a custom one. */
  readonly source: string
  /** Of a performance counter. */
  readonly counter: string | null
  /** `null`: a custom one that does not say. */
  readonly windowMs: number | null
  readonly aggregate: (typeof AGGREGATES)[number]
}

export interface Rules {
  readonly place: SourcePlace
  readonly enabled: boolean
  readonly constraints: readonly Constraint[]
  readonly reactive: readonly Reactive[]
  readonly operands: ReadonlyMap<string, Operand>
}

const FIVE_MINUTES_MS = 300_000

export function readRules(reading: Reading, { root }: XmlDocument): Rules {
  const constraints: Constraint[] = []
  const reactive: Reactive[] = []
  const operands = new Map<string, Operand>()
  const rules = { place: root.place, enabled: true, constraints, reactive, operands }
  if (root.name !== 'rules' || !(root.namespace === '' || isOf(root, RULES_NAMESPACE))) {
    const message = `<${root.name}> is not the rules of the Application Block, which begin with <rules> in their namespace`
    reading.problem(root.place, message, IMPORT_CODES.otherDocument)
    return rules
  }
  if (root.namespace === '') {
    reading.find(
      'ambiguous',
      root.place,
      'the file names no namespace: taken for rules of the Application Block',
    )
  }
  reading.only(root, ['enabled'])
  const enabled = reading.flag(root, 'enabled')
  for (const part of root.children) {
    if (part.known === 'operands') readOperands(reading, part, operands)
    else if (part.known !== 'constraintRules' && part.known !== 'reactiveRules')
      reading.strange(part, '<rules>')
  }
  for (const part of root.children) {
    if (part.known === 'constraintRules') {
      for (const rule of rulesIn(reading, part)) constraints.push(readConstraint(reading, rule))
    } else if (part.known === 'reactiveRules') {
      for (const rule of rulesIn(reading, part)) reactive.push(readReactive(reading, rule, operands))
    }
  }
  return { ...rules, enabled }
}

function rulesIn(reading: Reading, part: XmlElement): XmlElement[] {
  reading.only(part, [])
  return part.children.filter(child => {
    if (child.known !== 'rule') reading.strange(child, `<${part.name}>`)
    return child.known === 'rule'
  })
}

const MOST_RANK = 1_000_000

function frameOf(reading: Reading, rule: XmlElement): RuleFrame {
  reading.only(rule, ['name', 'description', 'enabled', 'rank'])
  const rank = reading.whole(rule, 'rank', { least: 0 }) ?? 0
  const name = reading.required(rule, 'name') ?? ''
  if (rank > MOST_RANK) {
    reading.find(
      'changed',
      rule.place,
      `"${name}": ranks go up to ${MOST_RANK} here, and ${rank} is cut to that`,
    )
  }
  return {
    place: rule.place,
    name,
    description: reading.text(rule, 'description'),
    enabled: reading.flag(rule, 'enabled'),
    rank: Math.min(rank, MOST_RANK),
  }
}

function readConstraint(reading: Reading, rule: XmlElement): Constraint {
  const frame = frameOf(reading, rule)
  const ranges: Range[] = []
  let timetable: Timetable | null = null
  for (const child of rule.children) {
    if (child.known === 'actions') {
      reading.only(child, [])
      for (const action of child.children) {
        if (action.known === 'range') ranges.push(...readRange(reading, action))
        else reading.strange(action, `the actions of the constraint rule "${frame.name}"`)
      }
    } else if (child.known === 'timetable') {
      if (timetable !== null) reading.problem(child.place, 'a rule has one timetable, and this is its second')
      timetable = readTimetable(reading, child)
    } else reading.strange(child, `the constraint rule "${frame.name}"`)
  }
  return { ...frame, ranges, timetable }
}

function readRange(reading: Reading, range: XmlElement): Range[] {
  reading.only(range, ['target', 'min', 'max'])
  for (const part of range.children) reading.strange(part, '<range>')
  const target = reading.required(range, 'target')
  const min = reading.requiredWhole(range, 'min', { least: 0 })
  const max = reading.requiredWhole(range, 'max', { least: 0 })
  if (target === null || min === null || max === null) return []
  if (max < min) reading.problem(range.place, `max ${max} is less than min ${min}`)
  if (min === 0)
    reading.find('ambiguous', range.place, 'min is 0, which the block may have refused: taken as none at all')
  return [{ place: range.place, target, min, max }]
}

function readReactive(reading: Reading, rule: XmlElement, operands: ReadonlyMap<string, Operand>): Reactive {
  const frame = frameOf(reading, rule)
  const actions: Action[] = []
  const conditions: XmlElement[] = []
  for (const child of rule.children) {
    if (child.known === 'actions') {
      reading.only(child, [])
      for (const action of child.children) actions.push(...readAction(reading, action, frame.name))
    } else if (child.known === 'when') {
      reading.only(child, [])
      conditions.push(...child.children)
    } else reading.strange(child, `the reactive rule "${frame.name}"`)
  }
  const [condition, second] = conditions
  if (second !== undefined)
    reading.problem(second.place, `"when" has one condition; join several with <all> or <any>`)
  if (condition === undefined) reading.problem(rule.place, `the rule "${frame.name}" has no condition`)
  const when = condition === undefined ? null : readCondition(reading, condition, operands)
  return { ...frame, when, actions }
}

function readAction(reading: Reading, action: XmlElement, rule: string): Action[] {
  const { place } = action
  if (action.known === 'scale') {
    reading.only(action, ['target', 'by'])
    for (const part of action.children) reading.strange(part, '<scale>')
    const target = reading.required(action, 'target')
    const by = amountOf(reading, action)
    return target === null || by === null ? [] : [{ kind: 'scale', place, target, by }]
  }
  if (action.known === 'changeSetting') {
    reading.only(action, ['target', 'settingName', 'value'])
    for (const part of action.children) reading.strange(part, '<changeSetting>')
    const target = reading.required(action, 'target')
    const setting = reading.required(action, 'settingName')
    const value = action.attributes.get('value')?.value
    if (value === undefined) reading.problem(place, '<changeSetting> has no "value"')
    return target === null || setting === null || value === undefined
      ? []
      : [{ kind: 'set', place, target, setting, value }]
  }
  reading.find(
    'lost',
    place,
    `the action <${action.name}> of "${rule}" is one of your own: write it as a custom action, and name it under "run"`,
  )
  return []
}

/** As our file writes it: `1`, `-2`, `50%`. */
function amountOf(reading: Reading, action: XmlElement): string | null {
  const attribute = action.attributes.get('by')
  if (attribute === undefined) return reading.problem(action.place, '<scale> has no "by"')
  const match = /^([+-]?)(\d{1,9}(?:\.\d{1,6})?)\s*(%?)$/.exec(attribute.value.trim())
  const amount = Number(match?.[2])
  const isPercent = match?.[3] === '%'
  const isNegative = match?.[1] === '-'
  const isWrong = match === null || amount === 0 || (!isPercent && !Number.isInteger(amount))
  if (isWrong || (isPercent && isNegative && amount >= 100)) {
    return reading.wrong(
      attribute,
      'a count other than 0, or a percentage above -100 %, such as 1, -2 or 50%',
    )
  }
  return `${isNegative ? '-' : ''}${amount}${isPercent ? '%' : ''}`
}

const KINDS = ['performanceCounter', 'queueLength', 'roleInstanceCount'] as const
const ATTRIBUTES: Readonly<Record<OperandKind, readonly string[]>> = {
  performanceCounter: ['alias', 'source', 'performanceCounterName', 'timespan', 'aggregate'],
  queueLength: ['alias', 'queue', 'timespan', 'aggregate'],
  roleInstanceCount: ['alias', 'role', 'timespan', 'aggregate'],
  custom: ['alias', 'timespan', 'aggregate'],
}

function readOperands(reading: Reading, part: XmlElement, operands: Map<string, Operand>): void {
  reading.only(part, [])
  for (const element of part.children) {
    const operand = readOperand(reading, element)
    if (operand === null) continue
    if (operands.has(operand.alias)) {
      reading.problem(element.place, `there is an operand "${operand.alias}" already`)
    }
    operands.set(operand.alias, operand)
  }
}

function readOperand(reading: Reading, element: XmlElement): Operand | null {
  const kind = KINDS.find(each => each === element.known) ?? 'custom'
  if (kind === 'custom' && !element.attributes.has('alias')) {
    reading.strange(element, '<operands>')
    return null
  }
  if (kind !== 'custom') reading.only(element, ATTRIBUTES[kind])
  for (const child of element.children) reading.strange(child, `<${element.name}>`)
  const alias = reading.required(element, 'alias')
  const source = sourceOf(reading, element, kind)
  const counter = kind === 'performanceCounter' ? reading.required(element, 'performanceCounterName') : null
  const windowMs = windowOf(reading, element, kind)
  const aggregate = reading.choice(element, 'aggregate', AGGREGATES) ?? 'Average'
  if (alias === null) return null
  return { place: element.place, kind, alias, source, counter, windowMs, aggregate }
}

function sourceOf(reading: Reading, element: XmlElement, kind: OperandKind): string {
  switch (kind) {
    case 'performanceCounter':
      return reading.required(element, 'source') ?? ''
    case 'queueLength':
      return reading.required(element, 'queue') ?? ''
    case 'roleInstanceCount':
      return reading.required(element, 'role') ?? ''
    case 'custom':
      return element.name
  }
}

function windowOf(reading: Reading, element: XmlElement, kind: OperandKind): number | null {
  const attribute = element.attributes.get('timespan')
  if (attribute === undefined) {
    return kind === 'custom' ? null : reading.problem(element.place, `<${element.name}> has no "timespan"`)
  }
  const ms = reading.span(element, 'timespan')
  if (ms === 0) return reading.wrong(attribute, 'longer than nothing')
  if (ms !== null && ms < FIVE_MINUTES_MS) {
    reading.find(
      'ambiguous',
      attribute.place,
      'the block wanted at least 5 minutes here: taken as it is written',
    )
  }
  return ms
}
