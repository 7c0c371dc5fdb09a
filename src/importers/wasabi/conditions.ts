/**
 * Conditions of reactive rules: comparisons of operands and numbers, and what joins them.
 *
 * Example: `<greater operand="cpu" than="70"/>` is, with `cpu` an average over 45 minutes, `avg(cpu, 45m) > 70`.
 */
import type { SourcePlace } from '../import-error.ts'
import type { XmlAttribute, XmlElement } from '../xml/read-xml.ts'
import { type Reading, shortened } from './reading.ts'
import type { Operand } from './rules-file.ts'

export type Term =
  | { readonly kind: 'number' | 'sign'; readonly text: string }
  | { readonly kind: 'operand'; readonly operand: Operand }

export type Condition =
  | {
      readonly kind: 'compare'
      readonly operator: string
      readonly left: readonly Term[]
      readonly right: readonly Term[]
    }
  | { readonly kind: 'all' | 'any'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  /** Somebody's own. */
  | { readonly kind: 'strange'; readonly place: SourcePlace; readonly name: string }

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['greater', '>'],
  ['greaterOrEqual', '>='],
  ['less', '<'],
  ['lessOrEqual', '<='],
  ['equals', '=='],
])

type Operands = ReadonlyMap<string, Operand>

export function readCondition(reading: Reading, element: XmlElement, operands: Operands): Condition {
  const { known, children } = element
  const operator = OPERATORS.get(known)
  if (operator !== undefined) return readComparison(reading, element, operator, operands)
  const inner = () => children.map(child => readCondition(reading, child, operands))
  switch (known) {
    case 'all':
    case 'any':
      reading.only(element, [])
      return { kind: known, conditions: inner() }
    case 'not': {
      reading.only(element, [])
      const [condition, second] = inner()
      if (condition === undefined || second !== undefined) {
        reading.problem(element.place, '<not> has exactly one condition')
      }
      return { kind: 'not', condition: condition ?? { kind: 'all', conditions: [] } }
    }
    default:
      return { kind: 'strange', place: element.place, name: element.name }
  }
}

function readComparison(
  reading: Reading,
  element: XmlElement,
  operator: string,
  operands: Operands,
): Condition {
  const against = operator === '==' ? 'to' : 'than'
  reading.only(element, ['operand', against])
  for (const child of element.children) reading.strange(child, `<${element.name}>`)
  const side = (name: string): readonly Term[] => {
    const attribute = element.attributes.get(name)
    if (attribute !== undefined) return readTerms(reading, attribute, operands)
    reading.problem(element.place, `<${element.name}> has no "${name}"`)
    return []
  }
  return { kind: 'compare', operator, left: side('operand'), right: side(against) }
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** Numbers and aliases in turn with `*` and `/`. */
function readTerms(reading: Reading, attribute: XmlAttribute, operands: Operands): Term[] {
  const pieces = attribute.value.split(/([*/])/).map(piece => piece.trim())
  const terms: Term[] = []
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 1) {
      terms.push({ kind: 'sign', text: piece })
      continue
    }
    const operand = operands.get(piece)
    if (operand !== undefined) terms.push({ kind: 'operand', operand })
    else if (NUMBER.test(piece)) terms.push({ kind: 'number', text: numberText(piece) })
    else if (piece === '') reading.wrong(attribute, 'numbers and aliases of operands, joined with * and /')
    else {
      const message = `${attribute.name}="${shortened(attribute.value)}": there is no operand "${shortened(piece)}"`
      reading.problem(attribute.place, message)
    }
  }
  return terms
}

/** `+.50` -> `0.50`: the digits stay as they were written. */
function numberText(text: string): string {
  return text
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=$|[eE])/, '')
}

export function operandsOf(condition: Condition): Operand[] {
  switch (condition.kind) {
    case 'compare':
      return [...condition.left, ...condition.right].flatMap(term =>
        term.kind === 'operand' ? [term.operand] : [],
      )
    case 'all':
    case 'any':
      return condition.conditions.flatMap(operandsOf)
    case 'not':
      return operandsOf(condition.condition)
    case 'strange':
      return []
  }
}

/** The first condition nobody here knows. */
export function strangeIn(condition: Condition): Extract<Condition, { kind: 'strange' }> | null {
  switch (condition.kind) {
    case 'compare':
      return null
    case 'all':
    case 'any':
      return condition.conditions.map(strangeIn).find(found => found !== null) ?? null
    case 'not':
      return strangeIn(condition.condition)
    case 'strange':
      return condition
  }
}

/** In our expression language. Of an empty `all` and `any`: what is always true, and never. */
export function conditionText(condition: Condition, textOf: (operand: Operand) => string): string {
  switch (condition.kind) {
    case 'compare': {
      const side = (terms: readonly Term[]) =>
        terms.map(term => (term.kind === 'operand' ? textOf(term.operand) : term.text)).join(' ')
      return `${side(condition.left)} ${condition.operator} ${side(condition.right)}`
    }
    case 'all':
    case 'any': {
      const { kind, conditions } = condition
      const [only] = conditions
      if (only === undefined) return kind === 'all' ? '1 == 1' : '1 == 0'
      if (conditions.length === 1) return conditionText(only, textOf)
      return conditions.map(each => inParentheses(each, textOf)).join(kind === 'all' ? ' and ' : ' or ')
    }
    case 'not':
      return `not (${conditionText(condition.condition, textOf)})`
    case 'strange':
      return '1 == 0'
  }
}

function inParentheses(condition: Condition, textOf: (operand: Operand) => string): string {
  const text = conditionText(condition, textOf)
  return (condition.kind === 'all' || condition.kind === 'any') && condition.conditions.length > 1
    ? `(${text})`
    : text
}
