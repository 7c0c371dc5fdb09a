/**
 * The grammar: a small Pratt parser from tokens to a tree that still knows where each part stands. What a name
 * means and whether units fit is looked at elsewhere (`names.ts`, `measure.ts`).
 *
 * From loosest to tightest: `or`; `and`; `not`; comparisons (never chained); `+ -`; `* /`; a minus sign.
 *
 * Example: `not busy is red or instances + 1 < 4` reads as `(not (busy is red)) or ((instances + 1) < 4)`.
 */
import {
  type AggregateOperand,
  aggregateNamed,
  type Comparison,
  FLEET_QUANTITIES,
  FLEET_TRUTHS,
  type FleetQuantity,
  type FleetTruth,
  type KpiState,
} from '../../model/expression.ts'
import type { MetricUnit } from '../../model/spec.ts'
import type { ExpressionContext } from './context.ts'
import { operandKey } from './format.ts'
import { nearest } from './nearest.ts'
import { CODE, type ExpressionProblem, problemAt, quoted, type Span } from './problem.ts'
import { FLEET, type SymbolText, type Token, type WordToken } from './tokens.ts'
import { isDurationUnit, type LiteralUnit, wholeMs } from './units.ts'

export const MAX_NESTING = 64
export const MAX_OPERANDS = 100

export type Arithmetic = '+' | '-' | '*' | '/'
export type BinaryOperator = Arithmetic | Comparison | 'and' | 'or'

export interface NumberTree extends Span {
  readonly node: 'number'
  readonly amount: number
  readonly unit: LiteralUnit | null
}
export interface AggregateTree extends Span {
  readonly node: 'aggregate'
  readonly operand: AggregateOperand
  readonly unit: MetricUnit | null
}
export interface UnaryTree extends Span {
  readonly node: 'negate' | 'not'
  readonly operand: Tree
}
export interface BinaryTree extends Span {
  readonly node: 'binary'
  readonly operator: BinaryOperator
  readonly operatorSpan: Span
  readonly left: Tree
  readonly right: Tree
}
export type Tree =
  | NumberTree
  | AggregateTree
  | UnaryTree
  | BinaryTree
  | (Span & { readonly node: 'quantity'; readonly quantity: FleetQuantity; readonly fleet: string | null })
  | (Span & { readonly node: 'truth'; readonly truth: FleetTruth })
  | (Span & { readonly node: 'kpi'; readonly kpi: string; readonly state: KpiState })
  /** Something already reported; whatever it takes part in is not complained about again. */
  | (Span & { readonly node: 'broken' })

export interface Syntax {
  /** `null` where the grammar was broken; then the last problem says how. */
  readonly tree: Tree | null
  readonly problems: readonly ExpressionProblem[]
}

export function parseSyntax(text: string, tokens: readonly Token[], context: ExpressionContext): Syntax {
  const parser = new Parser(text, tokens, context)
  try {
    return { tree: parser.whole(), problems: parser.problems }
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop
    return { tree: null, problems: [...parser.problems, stop.problem] }
  }
}

/** Ends the parse at the first break of the grammar: what follows would be guesses. */
class Stop extends Error {
  readonly problem: ExpressionProblem
  constructor(problem: ExpressionProblem) {
    super(problem.message)
    this.problem = problem
  }
}

const LOOSEST = 1
const NOT = 3
const COMPARISON = 4

const STRENGTH: Readonly<Record<BinaryOperator, number>> = {
  or: LOOSEST,
  and: 2,
  '>': COMPARISON,
  '>=': COMPARISON,
  '<': COMPARISON,
  '<=': COMPARISON,
  '==': COMPARISON,
  '!=': COMPARISON,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
}
const SIGN = 7

const KPI_STATES: readonly KpiState[] = ['green', 'red', 'unknown']

function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(STRENGTH, text)
}

class Parser {
  readonly problems: ExpressionProblem[] = []
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #context: ExpressionContext
  #index = 0
  #depth = 0
  #operands = 0

  constructor(text: string, tokens: readonly Token[], context: ExpressionContext) {
    this.#text = text
    this.#tokens = tokens
    this.#context = context
  }

  whole(): Tree {
    const tree = this.#binary(LOOSEST)
    const rest = this.#peek()
    if (rest.kind === 'end') return tree
    if (isSymbol(rest, ')'))
      this.#stop(rest, CODE.parenthesis, 'This ")" closes nothing.', 'Take it out, or open one.')
    const hint = isSymbol(rest, ',') ? 'A comma stands only inside an aggregate: avg(cpu, 5m).' : null
    const message = `Expected an operator (such as +, > or and) before ${this.#found(rest)}.`
    return this.#stop(rest, CODE.missingOperator, message, hint)
  }

  /** Everything that binds at least as tightly as `weakest`. */
  #binary(weakest: number): Tree {
    let left = this.#unary()
    let compared = false
    for (;;) {
      const token = this.#peek()
      const operator = token.kind === 'word' || token.kind === 'symbol' ? token.text : ''
      if (!isBinaryOperator(operator) || STRENGTH[operator] < weakest) return left
      const strength = STRENGTH[operator]
      if (compared && strength === COMPARISON) this.#stopAtChain(left, token, operator)
      this.#next()
      const right = this.#binary(strength + 1)
      left = { node: 'binary', operator, operatorSpan: token, left, right, at: left.at, end: right.end }
      compared = strength === COMPARISON
    }
  }

  #stopAtChain(comparison: Tree, token: Token, operator: BinaryOperator): never {
    this.#next()
    const third = this.#binary(COMPARISON + 1)
    const middle = comparison.node === 'binary' ? comparison.right : comparison
    const first = quoted(this.#text, comparison)
    const second = `${quoted(this.#text, middle)} ${operator} ${quoted(this.#text, third)}`
    const message = 'Comparisons cannot be chained.'
    return this.#stop(token, CODE.chainedComparison, message, `Write ${first} and ${second}.`)
  }

  #unary(): Tree {
    const token = this.#peek()
    if (token.kind === 'word') return token.text === 'not' ? this.#not(token) : this.#word(token)
    if (token.kind === 'number') return this.#number(token)
    if (isSymbol(token, '(')) return this.#parenthesis(token)
    if (isSymbol(token, '-')) return this.#minus(token)
    if (isSymbol(token, '+')) return this.#plus(token)
    return this.#missingOperand(token)
  }

  #missingOperand(token: Token): never {
    const message = `Expected a number, an aggregate, a fleet quantity or a KPI, found ${this.#found(token)}.`
    return this.#stop(token, CODE.missingOperand, message)
  }

  #not(token: Token): Tree {
    this.#next()
    const operand = this.#deeper(token, () => this.#binary(NOT))
    return { node: 'not', operand, at: token.at, end: operand.end }
  }

  #parenthesis(token: Token): Tree {
    this.#next()
    const inner = this.#deeper(token, () => this.#binary(LOOSEST))
    const end = this.#peek()
    if (!isSymbol(end, ')')) this.#stopUnclosed(token, end)
    this.#next()
    return { ...inner, at: token.at, end: end.end }
  }

  #stopUnclosed(opening: Span, found: Token): never {
    if (found.kind === 'end') {
      return this.#stop(
        opening,
        CODE.parenthesis,
        'This "(" is not closed.',
        'Write the ")" that belongs to it.',
      )
    }
    const hint = isSymbol(found, ',') ? 'A comma stands only inside an aggregate: avg(cpu, 5m).' : null
    return this.#stop(
      found,
      CODE.missingOperator,
      `Expected an operator or ")" before ${this.#found(found)}.`,
      hint,
    )
  }

  /** A minus before a number is part of that number; before anything else it negates. */
  #minus(token: Token): Tree {
    this.#next()
    const operand = this.#peek()
    if (operand.kind === 'number') {
      const number = this.#number(operand)
      return number.node === 'number'
        ? { ...number, amount: number.amount === 0 ? 0 : -number.amount, at: token.at }
        : number
    }
    const negated = this.#deeper(token, () => this.#binary(SIGN))
    return { node: 'negate', operand: negated, at: token.at, end: negated.end }
  }

  #plus(token: Token): Tree {
    const operand = this.#tokens[this.#index + 1]
    if (operand?.kind !== 'number') return this.#missingOperand(token)
    this.#next()
    return { ...this.#number(operand), at: token.at }
  }

  #number(token: Token & { kind: 'number' }): Tree {
    this.#next()
    this.#countOperand(token)
    if (token.spoilt) return broken(token)
    return { node: 'number', amount: token.amount, unit: token.unit, at: token.at, end: token.end }
  }

  #word(token: WordToken): Tree {
    if (token.text === 'and' || token.text === 'or' || token.text === 'is') return this.#missingOperand(token)
    this.#next()
    this.#countOperand(token)
    const next = this.#peek()
    if (next.kind === 'word' && next.text === 'is') return this.#kpi(token)
    const aggregate = aggregateNamed(token.text)
    if (aggregate !== null) return this.#aggregate(token, aggregate)
    if (isSymbol(next, '(')) return token.text === FLEET ? this.#ofFleet(token) : this.#skipCall(token)
    const span = { at: token.at, end: token.end }
    const quantity = FLEET_QUANTITIES.find(each => each === token.text)
    if (quantity !== undefined) return { node: 'quantity', quantity, fleet: null, ...span }
    const truth = FLEET_TRUTHS.find(each => each === token.text)
    if (truth !== undefined) return { node: 'truth', truth, ...span }
    return broken(span)
  }

  /** A quantity of another fleet: `fleet(db).ready`. */
  #ofFleet(word: WordToken): Tree {
    const opening = this.#next()
    const name = this.#next()
    if (name.kind !== 'word') this.#stopInFleet(name, 'the name of a fleet')
    const closing = this.#next()
    if (closing.kind === 'end') this.#stopUnclosed(opening, closing)
    if (!isSymbol(closing, ')')) this.#stopInFleet(closing, '")"')
    const point = this.#next()
    if (!isSymbol(point, '.')) this.#stopInFleet(point, 'a point and a quantity')
    const said = this.#next()
    if (said.kind !== 'word') this.#stopInFleet(said, 'a quantity')
    const span = { at: word.at, end: said.end }
    const quantity = FLEET_QUANTITIES.find(each => each === said.text)
    return quantity === undefined || this.#context.fleets?.has(name.text) !== true
      ? broken(span)
      : { node: 'quantity', quantity, fleet: name.text, ...span }
  }

  #stopInFleet(found: Token, expected: string): never {
    const message = `Expected ${expected}, found ${this.#found(found)}.`
    return this.#stop(found, CODE.badFleetQuantity, message, 'Write, for instance, fleet(db).ready.')
  }

  /** An aggregate nobody knows: its name is reported, the rest of the text is still read. */
  #skipCall(name: Span): Tree {
    const opening = this.#peek()
    let open = 0
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'end') return this.#stopUnclosed(opening, token)
      if (isSymbol(token, '(')) open++
      if (isSymbol(token, ')')) open--
      this.#next()
      if (open === 0) return broken({ at: name.at, end: token.end })
    }
  }

  #kpi(name: WordToken): Tree {
    const is = this.#next()
    const not = this.#peek()
    const negated = not.kind === 'word' && not.text === 'not'
    if (negated) this.#next()
    const token = this.#peek()
    const state = token.kind === 'word' ? KPI_STATES.find(each => each === token.text) : undefined
    if (state === undefined) return this.#badState(is, token)
    this.#next()
    const span = { at: name.at, end: token.end }
    const test: Tree = this.#context.kpis.has(name.text)
      ? { node: 'kpi', kpi: name.text, state, ...span }
      : broken(span)
    return negated ? { node: 'not', operand: test, ...span } : test
  }

  #badState(is: Span, token: Token): never {
    const meant = token.kind === 'word' ? nearest(token.text, KPI_STATES) : null
    const hint =
      meant === null ? 'Write, for instance, "is red" or "is not red".' : `Did you mean "${meant}"?`
    const message = `After "is" comes red, green or unknown, not ${this.#found(token)}.`
    return this.#stop(token.kind === 'end' ? is : token, CODE.badKpiTest, message, hint)
  }

  #aggregate(name: WordToken, aggregate: AggregateOperand['aggregate']): Tree {
    const form = aggregate === 'last' ? 'last(metric)' : `${aggregate}(metric, window)`
    const opening = this.#peek()
    if (!isSymbol(opening, '(')) {
      const message = `The aggregate "${aggregate}" needs a metric in parentheses.`
      this.#stop(name, CODE.badAggregate, message, `Write ${form}.`)
    }
    this.#next()
    const metric = this.#peek()
    const after = this.#tokens[this.#index + 1]
    if (metric.kind !== 'word' || (after !== undefined && isSymbol(after, '('))) {
      const message = `Expected the name of a metric, found ${this.#found(metric)}.`
      return this.#stop(
        metric,
        CODE.badAggregate,
        message,
        `Write ${form}; an aggregate takes no computed values.`,
      )
    }
    this.#next()
    const windowMs = this.#window(name, metric, aggregate)
    const closing = this.#peek()
    if (!isSymbol(closing, ')')) this.#stopInAggregate(opening, closing, form)
    this.#next()
    const span = { at: name.at, end: closing.end }
    const known = this.#context.metrics.get(metric.text)
    if (known === undefined || windowMs === 'broken') return broken(span)
    const operand: AggregateOperand = {
      node: 'aggregate',
      key: operandKey(aggregate, metric.text, windowMs),
      aggregate,
      metric: metric.text,
      windowMs: windowMs ?? known.staleAfterMs,
    }
    return { node: 'aggregate', operand, unit: known.unit, ...span }
  }

  #stopInAggregate(opening: Span, found: Token, form: string): never {
    if (found.kind !== 'end') {
      const message = `Expected ")" to close the aggregate, found ${this.#found(found)}.`
      return this.#stop(found, CODE.badAggregate, message, `Write ${form}.`)
    }
    // The commonest cause by far, and nothing in the text itself shows it.
    const hint = `Write ${form}. In YAML's { } form a comma ends the value: put the whole expression in quotes.`
    return this.#stop(opening, CODE.parenthesis, 'This "(" is not closed; the text ends inside it.', hint)
  }

  /** Milliseconds; `null` for a `last` without one; `'broken'` where it was reported. */
  #window(name: Span, metric: WordToken, aggregate: AggregateOperand['aggregate']): number | null | 'broken' {
    const comma = this.#peek()
    if (!isSymbol(comma, ',')) {
      if (aggregate === 'last' || !isSymbol(comma, ')')) return aggregate === 'last' ? null : 'broken'
      const span = { at: name.at, end: comma.end }
      const message = `${aggregate}(${metric.text}) does not say over which window.`
      this.problems.push(
        problemAt(span, CODE.missingWindow, message, `Write ${aggregate}(${metric.text}, 5m).`),
      )
      return 'broken'
    }
    this.#next()
    const sign = this.#peek()
    if (isSymbol(sign, '-') || isSymbol(sign, '+')) this.#next()
    const length = this.#peek()
    if (length.kind !== 'number') {
      const message = `Expected the length of the window, found ${this.#found(length)}.`
      return this.#stop(length, CODE.badWindow, message, WINDOW_HINT)
    }
    this.#next()
    if (length.spoilt) return 'broken'
    const ms =
      length.unit !== null && isDurationUnit(length.unit) ? wholeMs(length.amount, length.unit) : null
    if (ms !== null && ms > 0 && !isSymbol(sign, '-')) return ms
    this.problems.push(this.#badWindow({ at: sign.at, end: length.end }, length.amount, length.unit))
    return 'broken'
  }

  #badWindow(span: Span, amount: number, unit: LiteralUnit | null): ExpressionProblem {
    const shown = quoted(this.#text, span)
    if (unit === null && amount > 0) {
      const message = `The window ${shown} has no unit.`
      return problemAt(
        span,
        CODE.badWindow,
        message,
        `Write ${amount}m for minutes or ${amount}s for seconds.`,
      )
    }
    const message = `${shown} is not a length of time of at least one millisecond.`
    return problemAt(span, CODE.badWindow, message, WINDOW_HINT)
  }

  #countOperand(token: Span): void {
    if (++this.#operands <= MAX_OPERANDS) return
    const message = `The expression has more than ${MAX_OPERANDS} operands.`
    this.#stop(
      token,
      CODE.tooManyOperands,
      message,
      'Split it into several rules, or name parts of it as KPIs.',
    )
  }

  #deeper(token: Span, parse: () => Tree): Tree {
    if (++this.#depth > MAX_NESTING) {
      const message = `The expression is nested more than ${MAX_NESTING} deep.`
      this.#stop(token, CODE.tooDeep, message, 'Take out parentheses, or name parts of it as KPIs.')
    }
    const inner = parse()
    this.#depth--
    return inner
  }

  #peek(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', at: this.#text.length, end: this.#text.length }
  }

  #next(): Token {
    const token = this.#peek()
    this.#index++
    return token
  }

  #found(token: Token): string {
    return token.kind === 'end' ? 'the end of the text' : `"${quoted(this.#text, token)}"`
  }

  #stop(span: Span, code: string, message: string, hint: string | null = null): never {
    throw new Stop(problemAt(span, code, message, hint))
  }
}

const WINDOW_HINT = 'Write a number with a unit: 90s, 45m, 3h (units: ms s m h d w).'

function broken(span: Span): Tree {
  return { node: 'broken', at: span.at, end: span.end }
}

function isSymbol(token: Token, text: SymbolText): boolean {
  return token.kind === 'symbol' && token.text === text
}
