/**
 * Turns a rule into a question that can be asked again and again, once per specification.
 *
 * Example: `match: "queue / 100"` over a queue of 250 answers `{ kind: 'want', count: 3 }`.
 */
import type { ReactiveRule } from '../../model/spec.ts'
import { compileExpression, type Judge, type Slots } from '../condition.ts'
import { ACT, type Ask, HOLD, NOTHING, UNKNOWN, want } from './answer.ts'
import { askForecast } from './forecast.ts'
import { askReserve } from './reserve.ts'
import { wantAt } from './scale.ts'
import { askServe } from './serve.ts'
import { askSteps } from './steps.ts'
import { askTrack } from './track.ts'

/** A quotient such as 300 / 100 may come out a hair above its whole number. */
const ROUNDING = 1e-9

/** @param judge of the condition, for a threshold rule */
export function compileAsk(rule: ReactiveRule, judge: Judge | null, slots: Slots): Ask {
  switch (rule.kind) {
    case 'when':
      return ({ evidence, current }) => {
        const truth = judge?.(evidence) ?? null
        if (truth === null) return UNKNOWN
        if (!truth) return NOTHING
        return rule.scale === null ? ACT : want(wantAt(rule.scale, current))
      }
    case 'steps':
      return askSteps(rule, compileExpression(rule.operand, slots))
    case 'track': {
      const slot = rule.operand.node === 'aggregate' ? (slots.get(rule.operand.key) ?? -1) : -1
      return askTrack(rule, compileExpression(rule.operand, slots), slot)
    }
    case 'match': {
      const count = compileExpression(rule.expression, slots)
      return ({ evidence, current }) => {
        const value = count(evidence)
        if (!Number.isFinite(value)) return UNKNOWN
        const wanted = Math.max(0, Math.ceil(value - ROUNDING))
        return wanted === current ? HOLD : want(wanted)
      }
    }
    case 'reserve':
      return askReserve(rule)
    case 'serve':
      return askServe(rule)
    case 'forecast':
      return askForecast(rule)
  }
}

/** Whether the rule could ask for more, or for fewer, than `current`, whatever its operands read. */
export function canGrow(rule: ReactiveRule, current: number): boolean {
  switch (rule.kind) {
    case 'when':
      return rule.scale !== null && wantAt(rule.scale, current) > current
    case 'steps':
      return rule.bands.some(band => wantAt(band.scale, current) > current)
    case 'track':
    case 'match':
    case 'reserve':
    case 'serve':
    case 'forecast':
      return true
  }
}

export function canShrink(rule: ReactiveRule, current: number): boolean {
  switch (rule.kind) {
    case 'when':
      return rule.scale !== null && wantAt(rule.scale, current) < current
    case 'steps':
      return rule.bands.some(band => wantAt(band.scale, current) < current)
    case 'track':
    case 'match':
    case 'reserve':
    case 'serve':
      return current > 0
    case 'forecast':
      return false
  }
}
