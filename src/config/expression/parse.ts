/**
 * From an operator's text to a condition or an expression of the model, or to every problem in it at once.
 * Happens once, when a file is loaded; no text is ever evaluated.
 *
 * Example: `parseCondition('avg(cpu, 45m) > 80%', context)` gives the comparison of the operand
 * `avg(cpu, 45m)` with the number 80 (0.8 if `cpu` is a ratio), and that operand in `operands`.
 *
 * Limits: 2000 characters, 100 operands, nesting of 64; past any of them there is a problem with a place. The
 * canonical text adds spaces, so that of a crowded text near the first limit may itself be past it.
 */
import type { AggregateOperand, Condition, Expression } from '../../model/expression.ts'
import type { ExpressionContext } from './context.ts'
import { type Measured, measureCondition, measureExpression } from './measure.ts'
import { checkNames } from './names.ts'
import { CODE, type ExpressionProblem, MAX_PROBLEMS, problemAt } from './problem.ts'
import { type NumberTree, parseSyntax, type Tree } from './syntax.ts'
import { tokenize } from './tokens.ts'
import { literalValue } from './units.ts'

export const MAX_LENGTH = 2000

/** `operands` and `kpis` in the order of the text, each once. `problems` are sorted by place and never empty. */
export type Parsed<T> =
  | {
      readonly ok: true
      readonly value: T
      readonly operands: readonly AggregateOperand[]
      readonly kpis: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] }

/** A text that must be true or false. */
export function parseCondition(text: string, context: ExpressionContext): Parsed<Condition> {
  return parse(text, context, measureCondition, lowerCondition)
}

/** A text that must be a number. */
export function parseExpression(text: string, context: ExpressionContext): Parsed<Expression> {
  return parse(text, context, measureExpression, lowerExpression)
}

function parse<T>(
  text: string,
  context: ExpressionContext,
  measure: (text: string, tree: Tree) => Measured,
  lower: (tree: Tree, measured: Measured) => T,
): Parsed<T> {
  const refused = problemOfWhole(text)
  if (refused !== null) return { ok: false, problems: [refused] }
  const { tokens, problems: ofTokens } = tokenize(text)
  const ofNames = checkNames(text, tokens, context)
  const syntax = parseSyntax(text, tokens, context)
  const measured = syntax.tree === null ? null : measure(text, syntax.tree)
  const found = [...ofTokens, ...ofNames, ...syntax.problems, ...(measured?.problems ?? [])]
  if (found.length > 0) return { ok: false, problems: sorted(found) }
  if (syntax.tree === null || measured === null) throw new Error('The grammar stopped without a problem')
  return { ok: true, value: lower(syntax.tree, measured), ...mentioned(syntax.tree) }
}

function problemOfWhole(text: string): ExpressionProblem | null {
  if (text.length > MAX_LENGTH) {
    const message = `The expression has ${text.length} characters; at most ${MAX_LENGTH} are allowed.`
    const hint = 'Split it into several rules, or name parts of it as KPIs.'
    return problemAt({ at: MAX_LENGTH, end: text.length }, CODE.tooLong, message, hint)
  }
  if (text.trim() !== '') return null
  const hint = 'Write one, such as avg(cpu, 5m) > 80%.'
  return problemAt({ at: 0, end: 0 }, CODE.empty, 'There is no expression here.', hint)
}

/**
 * By place. Where several begin at one place only the first found is kept, and a character that was skipped
 * explains any break of the grammar after it.
 */
function sorted(found: readonly ExpressionProblem[]): readonly ExpressionProblem[] {
  const stray = found.some(problem => problem.code === CODE.strayCharacter)
  const places = new Set<number>()
  return found
    .filter(problem => !(stray && GUESSED_AFTER_STRAY.includes(problem.code)))
    .filter(problem => !places.has(problem.at) && places.add(problem.at))
    .sort((one, other) => one.at - other.at)
    .slice(0, MAX_PROBLEMS)
}

const GUESSED_AFTER_STRAY: readonly string[] = [CODE.missingOperand, CODE.missingOperator, CODE.parenthesis]

interface Mentioned {
  readonly operands: readonly AggregateOperand[]
  readonly kpis: readonly string[]
}

function mentioned(tree: Tree): Mentioned {
  const operands = new Map<string, AggregateOperand>()
  const kpis = new Set<string>()
  const visit = (part: Tree): void => {
    if (part.node === 'aggregate') operands.set(part.operand.key, Object.freeze({ ...part.operand }))
    if (part.node === 'kpi') kpis.add(part.kpi)
    if (part.node === 'negate' || part.node === 'not') visit(part.operand)
    if (part.node === 'binary') {
      visit(part.left)
      visit(part.right)
    }
  }
  visit(tree)
  return { operands: [...operands.values()], kpis: [...kpis] }
}

function lowerCondition(tree: Tree, measured: Measured): Condition {
  switch (tree.node) {
    case 'kpi':
      return Object.freeze({ node: 'kpi', kpi: tree.kpi, state: tree.state })
    case 'truth':
      return Object.freeze({ node: 'truth', truth: tree.truth })
    case 'not':
      return Object.freeze({ node: 'not', operand: lowerCondition(tree.operand, measured) })
    case 'binary': {
      const { operator } = tree
      switch (operator) {
        case 'and':
        case 'or': {
          const left = lowerCondition(tree.left, measured)
          return Object.freeze({ node: operator, left, right: lowerCondition(tree.right, measured) })
        }
        case '+':
        case '-':
        case '*':
        case '/':
          return unchecked(tree)
        default: {
          const left = lowerExpression(tree.left, measured)
          return Object.freeze({
            node: 'compare',
            operator,
            left,
            right: lowerExpression(tree.right, measured),
          })
        }
      }
    }
    case 'number':
    case 'aggregate':
    case 'quantity':
    case 'negate':
    case 'broken':
      return unchecked(tree)
  }
}

function lowerExpression(tree: Tree, measured: Measured): Expression {
  switch (tree.node) {
    case 'number':
      return lowerNumber(tree, measured)
    case 'aggregate':
      return Object.freeze({ ...tree.operand })
    case 'quantity':
      return Object.freeze({ node: 'quantity', quantity: tree.quantity, fleet: tree.fleet })
    case 'negate':
      return Object.freeze({ node: 'negate', operand: lowerExpression(tree.operand, measured) })
    case 'binary': {
      const { operator } = tree
      if (operator !== '+' && operator !== '-' && operator !== '*' && operator !== '/') return unchecked(tree)
      const left = lowerExpression(tree.left, measured)
      return Object.freeze({
        node: 'arithmetic',
        operator,
        left,
        right: lowerExpression(tree.right, measured),
      })
    }
    case 'kpi':
    case 'truth':
    case 'not':
    case 'broken':
      return unchecked(tree)
  }
}

function lowerNumber(tree: NumberTree, measured: Measured): Expression {
  const text = `${tree.amount}${tree.unit ?? ''}`
  if (tree.unit === null) return Object.freeze({ node: 'number', value: tree.amount, text })
  const unit = measured.units.get(tree)
  if (unit === undefined) throw new Error(`The literal ${text} was left without a unit`)
  return Object.freeze({ node: 'number', value: literalValue(tree.amount, tree.unit, unit), text })
}

/** Only reached if a tree that was not checked, or failed its check, is lowered. */
function unchecked(tree: Tree): never {
  throw new Error(`A ${tree.node} stands where it was to be refused`)
}
