/**
 * Checks that numbers meet numbers and truths meet truths, that units fit, and decides the plain number each
 * literal stands for.
 *
 * A literal with `%` or a unit of time is *open* until it meets a metric: `80%` is 80 beside a metric in percent
 * (or without a declared unit) and 0.8 beside a ratio; `2s` is 2000 beside a metric in ms. Openness passes through
 * `+`, `-`, a minus sign and multiplication or division by plain numbers, so in `avg(cpu, 5m) + 5% > 2 * 40%` both
 * literals take the unit of `cpu`, and the parts may be written in any order. What closes it:
 *
 * - the other side of `+`, `-`, a comparison, or a division by the same kind (`avg(cpu, 5m) / 80%` is plain);
 * - a `%` that scales something with a unit of its own is a share of it: `avg(latency, 5m) * 110%` multiplies by 1.1;
 * - a `%` that meets only plain numbers is a share too: `pending > instances * 20%` is `instances * 0.2`;
 * - a time that meets only plain numbers is a problem: nothing says whether `30s` is 30 or 30000.
 *
 * `trend` is a ratio whatever its metric is in; `rate` is in the metric's unit (per second), and so is `slope` (per minute).
 *
 * Units: plain * unit = unit, unit / same unit = plain, other products are *mixed* and compare with plain numbers only.
 * Plain numbers (literals without a unit, fleet quantities, `count()`, metrics in `count`) fit everything. A metric
 * without a declared unit counts as percent; divided by a varying plain number it might as well have become a share,
 * so a `%` beside it asks for the declaration instead of guessing.
 *
 * Example: `avg(cpu, 5m) > 300ms` with `cpu` undeclared is a problem whose hint says to declare `unit: ms` on `cpu`.
 */
import { CODE, type ExpressionProblem, problemAt, quoted, type Span } from './problem.ts'
import type { AggregateTree, Arithmetic, BinaryOperator, BinaryTree, NumberTree, Tree } from './syntax.ts'
import { type Dimension, dimensionOf, literalDimension, type MeasuredUnit } from './units.ts'

type Measure =
  | { readonly kind: 'plain'; readonly constant: boolean }
  | {
      readonly kind: 'unit'
      readonly unit: MeasuredUnit
      /** The metric whose undeclared unit was taken as percent; `null` where it was declared. */
      readonly undeclared: string | null
      /** Undeclared and divided by something that varies: percent is no longer the likelier reading. */
      readonly doubtful: boolean
    }
  | {
      readonly kind: 'open'
      readonly dimension: 'share' | 'duration'
      readonly literals: readonly NumberTree[]
    }
  | { readonly kind: 'mixed' }
  /** Already reported. */
  | { readonly kind: 'broken' }

type UnitMeasure = Extract<Measure, { kind: 'unit' }>
type OpenMeasure = Extract<Measure, { kind: 'open' }>
type MixedMeasure = Extract<Measure, { kind: 'mixed' }>

const PLAIN: Measure = { kind: 'plain', constant: false }
const MIXED: Measure = { kind: 'mixed' }
/** Whatever the metric is in: `trend(orders, 3h) > +50%` compares with 0.5. */
const RELATIVE_CHANGE: Measure = { kind: 'unit', unit: 'ratio', undeclared: null, doubtful: false }
const BROKEN: Measure = { kind: 'broken' }

export interface Measured {
  readonly problems: readonly ExpressionProblem[]
  /** The unit each open literal is counted in. */
  readonly units: ReadonlyMap<NumberTree, MeasuredUnit>
}

export function measureCondition(text: string, tree: Tree): Measured {
  const check = new Check(text)
  check.whole(tree, 'truth')
  return check
}

export function measureExpression(text: string, tree: Tree): Measured {
  const check = new Check(text)
  check.whole(tree, 'number')
  return check
}

type Kind = 'number' | 'truth' | 'broken'

function kindOf(tree: Tree): Kind {
  switch (tree.node) {
    case 'broken':
      return 'broken'
    case 'number':
    case 'aggregate':
    case 'quantity':
    case 'negate':
      return 'number'
    case 'kpi':
    case 'truth':
    case 'not':
      return 'truth'
    case 'binary':
      return isArithmetic(tree.operator) ? 'number' : 'truth'
  }
}

function isArithmetic(operator: BinaryOperator): operator is Arithmetic {
  return operator === '+' || operator === '-' || operator === '*' || operator === '/'
}

class Check {
  readonly problems: ExpressionProblem[] = []
  readonly units = new Map<NumberTree, MeasuredUnit>()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  whole(tree: Tree, wanted: 'number' | 'truth'): void {
    const kind = kindOf(tree)
    if (wanted === 'truth' && kind === 'number') {
      const message = 'A condition must be true or false; this is a number.'
      this.#report(tree, CODE.notACondition, message, `Compare it: ${this.#quote(tree)} > 80.`)
    }
    if (wanted === 'number' && kind === 'truth') {
      const message = 'A number is needed here; this is true or false.'
      this.#report(tree, CODE.notANumber, message, 'Write a value, such as last(orders) / 100.')
    }
    if (kind === 'truth') this.#truth(tree)
    if (kind === 'number') this.#close(this.#number(tree))
  }

  #truth(tree: Tree): void {
    if (tree.node === 'not') this.#truthOperand(tree.operand, 'not')
    if (tree.node !== 'binary') return
    if (tree.operator === 'and' || tree.operator === 'or') {
      this.#truthOperand(tree.left, tree.operator)
      this.#truthOperand(tree.right, tree.operator)
    } else {
      this.#comparison(tree)
    }
  }

  #truthOperand(tree: Tree, operator: string): void {
    const kind = kindOf(tree)
    if (kind === 'truth') this.#truth(tree)
    if (kind !== 'number') return
    this.#close(this.#number(tree))
    const message = `"${operator}" joins what is true or false; ${this.#quote(tree)} is a number.`
    this.#report(tree, CODE.needsTruth, message, `Compare it: ${this.#quote(tree)} > 80.`)
  }

  #comparison(tree: BinaryTree): void {
    const left = this.#numberOperand(tree.left, tree.operator)
    const right = this.#numberOperand(tree.right, tree.operator)
    const bothOpen = left.kind === 'open' && right.kind === 'open'
    const common = this.#alike(left, right, tree)
    // Two times and no metric: any unit does, as long as it is the same.
    if (bothOpen && common.kind === 'open' && common.dimension === 'duration') this.#settle(common, 'ms')
    else this.#close(common)
  }

  #numberOperand(tree: Tree, operator: string): Measure {
    const kind = kindOf(tree)
    if (kind === 'number') return this.#number(tree)
    if (kind === 'truth') {
      this.#truth(tree)
      const message = `"${operator}" takes numbers; ${this.#quote(tree)} is true or false.`
      this.#report(tree, CODE.needsNumber, message, hintForTruth(tree))
    }
    return BROKEN
  }

  #number(tree: Tree): Measure {
    switch (tree.node) {
      case 'number':
        return this.#literal(tree)
      case 'aggregate':
        return measureOfAggregate(tree)
      case 'quantity':
        return PLAIN
      case 'negate':
        return this.#numberOperand(tree.operand, '-')
      case 'binary':
        return this.#arithmetic(tree)
      case 'kpi':
      case 'truth':
      case 'not':
      case 'broken':
        return BROKEN
    }
  }

  #literal(tree: NumberTree): Measure {
    if (tree.unit === null) return { kind: 'plain', constant: true }
    const dimension = literalDimension(tree.unit)
    if (dimension === 'bytes') {
      this.units.set(tree, 'bytes')
      return { kind: 'unit', unit: 'bytes', undeclared: null, doubtful: false }
    }
    return { kind: 'open', dimension, literals: [tree] }
  }

  #arithmetic(tree: BinaryTree): Measure {
    const left = this.#numberOperand(tree.left, tree.operator)
    const right = this.#numberOperand(tree.right, tree.operator)
    if (tree.operator === '*') return this.#product(left, right)
    if (tree.operator === '/') return this.#quotient(left, right)
    return this.#alike(left, right, tree)
  }

  /** What both sides of `+`, `-` or a comparison are measured in. */
  #alike(left: Measure, right: Measure, tree: BinaryTree): Measure {
    if (left.kind === 'broken' || right.kind === 'broken') return BROKEN
    if (left.kind === 'plain') return right.kind === 'plain' ? bothPlain(left, right) : right
    if (right.kind === 'plain') return left
    if (left.kind === 'open') {
      if (right.kind !== 'open') return this.#closeBy(right, left, tree)
      if (left.dimension !== right.dimension) return this.#different(left, right, tree)
      return { ...left, literals: [...left.literals, ...right.literals] }
    }
    if (right.kind === 'open') return this.#closeBy(left, right, tree)
    if (left.kind === 'mixed' || right.kind === 'mixed') return MIXED
    if (left.unit !== right.unit) return this.#different(left, right, tree)
    return bothUnits(left, right)
  }

  #closeBy(closed: UnitMeasure | MixedMeasure, open: OpenMeasure, tree: BinaryTree): Measure {
    if (closed.kind === 'mixed') return this.#undecided(open, 'what it meets is a product of unlike units')
    if (dimensionOf(closed.unit) !== open.dimension) return this.#different(closed, open, tree)
    return this.#settleBy(closed, open) ? closed : BROKEN
  }

  /** Counts the open literals in the unit beside them; false where that unit is in doubt. */
  #settleBy(closed: UnitMeasure, open: OpenMeasure): boolean {
    this.#settle(open, closed.unit)
    if (!closed.doubtful || open.dimension !== 'share') return true
    const shown = this.#quoteLiteral(open)
    const message = `It is not clear what ${shown} is here: "${closed.undeclared}" declares no unit and is divided.`
    const hint = `On the metric ${closed.undeclared} declare unit: count (for a share) or unit: percent.`
    for (const literal of open.literals.slice(0, 1))
      this.#report(literal, CODE.doubtfulPercent, message, hint)
    return false
  }

  #product(left: Measure, right: Measure): Measure {
    if (left.kind === 'broken' || right.kind === 'broken') return BROKEN
    if (left.kind === 'plain') return right.kind === 'plain' ? bothPlain(left, right) : right
    if (right.kind === 'plain') return left
    // A share of something. Of two shares the right one is: 20% * 30% is 30 % of 20 %.
    if (isOpenShare(right)) return this.#scale(right, left)
    if (isOpenShare(left)) return this.#scale(left, right)
    return this.#unlike(left, right, 'it multiplies something that is not a plain number')
  }

  #quotient(left: Measure, right: Measure): Measure {
    if (left.kind === 'broken' || right.kind === 'broken') return BROKEN
    if (right.kind === 'plain') return dividedByPlain(left, right.constant)
    if (left.kind === 'open' && right.kind === 'open' && left.dimension === right.dimension) {
      for (const open of [left, right]) this.#settle(open, open.dimension === 'share' ? 'ratio' : 'ms')
      return { kind: 'plain', constant: true }
    }
    if (left.kind === 'unit' && right.kind === 'unit' && left.unit === right.unit) return PLAIN
    if (left.kind === 'unit' && right.kind === 'open' && dimensionOf(left.unit) === right.dimension) {
      return this.#settleBy(left, right) ? PLAIN : BROKEN
    }
    if (left.kind === 'open' && right.kind === 'unit' && dimensionOf(right.unit) === left.dimension) {
      return this.#settleBy(right, left) ? PLAIN : BROKEN
    }
    if (isOpenShare(right)) return this.#scale(right, left)
    if (isOpenShare(left)) {
      this.#settle(left, 'ratio')
      if (right.kind === 'open') return this.#undecided(right, 'it divides a share')
      return MIXED
    }
    return this.#unlike(left, right, 'nothing in the division is in the same unit')
  }

  #scale(share: OpenMeasure, scaled: Measure): Measure {
    this.#settle(share, 'ratio')
    return scaled
  }

  #unlike(left: Measure, right: Measure, because: string): Measure {
    if (left.kind === 'open' && right.kind === 'unit' && dimensionOf(right.unit) === left.dimension) {
      this.#settle(left, right.unit)
      return MIXED
    }
    if (right.kind === 'open' && left.kind === 'unit' && dimensionOf(left.unit) === right.dimension) {
      this.#settle(right, left.unit)
      return MIXED
    }
    if (left.kind === 'open') return this.#undecided(left, because)
    if (right.kind === 'open') return this.#undecided(right, because)
    return MIXED
  }

  /** At the end of a comparison or of the whole: what is still open met only plain numbers. */
  #close(measure: Measure): void {
    if (measure.kind !== 'open') return
    if (measure.dimension === 'share') this.#settle(measure, 'ratio')
    else this.#undecided(measure, 'it meets only plain numbers')
  }

  #settle(open: OpenMeasure, unit: MeasuredUnit): void {
    for (const literal of open.literals) this.units.set(literal, unit)
  }

  #undecided(open: OpenMeasure, because: string): Measure {
    const shown = this.#quoteLiteral(open)
    const message = `Nothing says in which unit to count ${shown}: ${because}.`
    const hint = 'Write a plain number, or declare the unit of the metric it meets.'
    for (const literal of open.literals.slice(0, 1)) this.#report(literal, CODE.undecidedUnit, message, hint)
    return BROKEN
  }

  #different(left: Measure, right: Measure, tree: BinaryTree): Measure {
    const verb = isArithmetic(tree.operator) ? 'combine' : 'compare'
    const sides = `${this.#describe(left)} and ${this.#describe(right)}`
    const message = `Cannot ${verb} different units with "${tree.operator}": ${sides}.`
    this.#report(tree, CODE.differentUnits, message, hintForDifferent(left, right))
    return BROKEN
  }

  #describe(measure: Measure): string {
    if (measure.kind === 'open')
      return `${this.#quoteLiteral(measure)} (${NAME_OF_DIMENSION[measure.dimension]})`
    if (measure.kind !== 'unit') return 'a plain number'
    if (measure.undeclared === null) return NAME_OF_UNIT[measure.unit]
    return `"${measure.undeclared}" (no unit declared, so percent)`
  }

  #quoteLiteral(open: OpenMeasure): string {
    const [literal] = open.literals
    return literal === undefined ? 'this' : this.#quote(literal)
  }

  #quote(span: Span): string {
    return quoted(this.#text, span)
  }

  #report(span: Span, code: string, message: string, hint: string): void {
    this.problems.push(problemAt(span, code, message, hint))
  }
}

const NAME_OF_DIMENSION: Readonly<Record<Dimension, string>> = {
  share: 'a share',
  duration: 'a time',
  bytes: 'bytes',
}

const NAME_OF_UNIT: Readonly<Record<MeasuredUnit, string>> = {
  percent: 'percent',
  ratio: 'a ratio',
  ms: 'milliseconds',
  s: 'seconds',
  bytes: 'bytes',
}

function measureOfAggregate(tree: AggregateTree): Measure {
  if (tree.operand.aggregate === 'trend') return RELATIVE_CHANGE
  if (tree.operand.aggregate === 'count' || tree.unit === 'count') return PLAIN
  const undeclared = tree.unit === null ? tree.operand.metric : null
  return { kind: 'unit', unit: tree.unit ?? 'percent', undeclared, doubtful: false }
}

function isOpenShare(measure: Measure): measure is OpenMeasure & { readonly dimension: 'share' } {
  return measure.kind === 'open' && measure.dimension === 'share'
}

function bothPlain(left: Measure & { kind: 'plain' }, right: Measure & { kind: 'plain' }): Measure {
  return { kind: 'plain', constant: left.constant && right.constant }
}

/** One declared side vouches for the other. */
function bothUnits(left: UnitMeasure, right: UnitMeasure): Measure {
  const declared = left.undeclared === null || right.undeclared === null
  return {
    kind: 'unit',
    unit: left.unit,
    undeclared: declared ? null : left.undeclared,
    doubtful: !declared && (left.doubtful || right.doubtful),
  }
}

function dividedByPlain(measure: Measure, constant: boolean): Measure {
  if (measure.kind === 'plain') return { kind: 'plain', constant: measure.constant && constant }
  if (measure.kind !== 'unit' || measure.undeclared === null || constant) return measure
  return { ...measure, doubtful: true }
}

function hintForTruth(tree: Tree): string {
  if (tree.node === 'binary') return 'Join conditions with "and" or "or"; arithmetic goes inside them.'
  return 'Use it on its own, joined by "and" or "or".'
}

/** Declare what was not declared, else bring both sides to plain numbers. */
function hintForDifferent(left: Measure, right: Measure): string {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (one.kind === 'unit' && one.undeclared !== null) {
      return `Declare what it is in: unit: ${unitsLike(other)} on the metric ${one.undeclared}.`
    }
  }
  const dimension = dimensionOfMeasure(left)
  if (dimension !== dimensionOfMeasure(right)) return 'Compare it with a plain number or one of its own unit.'
  const amount = dimension === 'share' ? '100%' : '1s'
  return `Divide each side by ${amount}; then both are plain numbers.`
}

function unitsLike(measure: Measure): string {
  if (measure.kind === 'unit') return measure.unit
  return measure.kind === 'open' && measure.dimension === 'duration' ? 'ms (or s)' : 'ratio'
}

function dimensionOfMeasure(measure: Measure): Dimension | null {
  if (measure.kind === 'unit') return dimensionOf(measure.unit)
  return measure.kind === 'open' ? measure.dimension : null
}
