/**
 * What a rule or a constraint of a scale group is for one of its fleets: counts times the ratio, percentages as they are.
 *
 * Example: group "shop" with web: 3, range 1..2: "web" stands between 3 and 6; `by: 2` there is 6 more.
 */
import type { ConstraintRule, ReactiveRule, ScaleAction } from '../model/spec.ts'

/** The name it has in each fleet. */
export function groupName(group: string, name: string): string {
  return `${group}/${name}`
}

export function constraintTimes(constraint: ConstraintRule, ratio: number): ConstraintRule {
  const { min, max, default: wanted } = constraint
  return {
    ...constraint,
    min: min * ratio,
    max: max * ratio,
    default: wanted === null ? null : wanted * ratio,
  }
}

export function ruleTimes(rule: ReactiveRule, ratio: number): ReactiveRule {
  switch (rule.kind) {
    case 'when':
      return { ...rule, scale: rule.scale === null ? null : scaleTimes(rule.scale, ratio) }
    case 'steps':
      return {
        ...rule,
        bands: rule.bands.map(band => ({ ...band, scale: scaleTimes(band.scale, ratio) })),
      }
    case 'track':
    case 'reserve':
    case 'serve':
    case 'forecast':
      // The load of each fleet says itself how many carry it.
      return rule
    case 'match':
      return ratio === 1
        ? rule
        : {
            ...rule,
            expression: {
              node: 'arithmetic',
              operator: '*',
              left: { node: 'number', value: ratio, text: String(ratio) },
              right: rule.expression,
            },
            expressionText: `${ratio} * (${rule.expressionText})`,
          }
  }
}

function scaleTimes(scale: ScaleAction, ratio: number): ScaleAction {
  return scale.kind === 'percent' ? scale : { ...scale, instances: scale.instances * ratio }
}
