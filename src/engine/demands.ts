/**
 * What is the demand that each rule which looks ahead is about, as this observation has it? Asked by the loop before it
 * works out what to expect, and by the what-if door, so that both read it as a rule would.
 *
 * Example: "Serve" over `last(requests)`, read as 4,100: `{ Serve: { value: 4100 } }`; with a source that does not answer
 * `{ Serve: { gap: 'last(requests) is unknown: connection refused' } }`.
 */
import type { Observation } from '../model/observation.ts'
import { type FleetSpec, looksAhead } from '../model/spec.ts'
import { boundsAt } from './bounds.ts'
import { compileFleet } from './compile.ts'
import { type OperandGap, readOperands } from './operands.ts'
import { compileDemand } from './rules/demand.ts'

export type Demand = { readonly value: number } | { readonly gap: string }

export function demandsOf(spec: FleetSpec, observation: Observation): Readonly<Record<string, Demand>> {
  const rules = compileFleet(spec).rules.filter(({ rule }) => looksAhead(rule))
  if (rules.length === 0) return NONE
  const compiled = compileFleet(spec)
  const bounds = boundsAt(spec, observation.at, observation.windows)
  const { evidence, reporting, gaps } = readOperands(spec, compiled, observation, bounds, [])
  const ready = observation.capacity?.open ?? Number.NaN
  const demands: Record<string, Demand> = {}
  for (const { rule, operands } of rules) {
    if (!looksAhead(rule)) continue
    const value = compileDemand(rule, compiled.slots)({ evidence, reporting, ready })
    demands[rule.name] = Number.isFinite(value) ? { value } : { gap: gapOf(operands, gaps) }
  }
  return demands
}

const NONE: Readonly<Record<string, Demand>> = Object.freeze({})

function gapOf(operands: readonly string[], gaps: readonly OperandGap[]): string {
  for (const key of operands) {
    const found = gaps.find(({ operand }) => operand === key)
    if (found !== undefined) return `${key} is unknown: ${found.gap}`
  }
  return 'a value of it cannot be computed (a division by zero, or a count that is not known)'
}
