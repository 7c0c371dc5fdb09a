/**
 * What must hold of every file and every decision, whoever wrote the one and whatever led to the other.
 *
 * Example: `askConfig(text)` answers the specification, or `null` for a refusal whose every problem lies inside the text;
 * it throws `Unsound` for anything else.
 */
import { CliError } from '../../src/cli/cli-error.ts'
import { imagine } from '../../src/cli/what-if.ts'
import { parseWhatIf } from '../../src/cli/what-if-input.ts'
import { changeText, diffSpecs } from '../../src/config/diff.ts'
import { type ConfigProblem, formatProblems, parseConfig } from '../../src/config/load.ts'
import { explainStep } from '../../src/engine/explain.ts'
import type { Decision } from '../../src/model/decision.ts'
import type { FleetSpec, Spec } from '../../src/model/spec.ts'
import type { Calendar } from '../../src/ports/calendar.ts'

export class Unsound extends Error {}

function ask(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Unsound(what)
}

export function askConfig(text: string): Spec | null {
  const read = parseConfig(text, {
    file: 'plimsoll.yaml',
    env: { HOME: '/home/ada' },
    readFile: () => 'a secret',
  })
  const problems = read.ok ? read.loaded.warnings : read.problems
  for (const problem of problems) askInside(problem, text)
  ask(
    formatProblems(problems, text, { colour: false }) !== '' || problems.length === 0,
    'problems without words',
  )
  if (read.ok) {
    const differences = diffSpecs(read.loaded.spec, read.loaded.spec).map(changeText)
    ask(differences.length === 0, `differs from itself: ${differences.join('; ')}`)
    return read.loaded.spec
  }
  ask(
    problems.some(({ severity }) => severity === 'error'),
    'refused without an error',
  )
  return null
}

export function askInside(problem: ConfigProblem, text: string): void {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const { code, message, line, column, length } = problem
  const width = (lines[line - 1] ?? '').length
  const where = `${code} "${message}" at ${line}:${column}+${length}`
  ask(/^PLM-[12]\d\d$/.test(code), `${where}: the code is not one of a configuration`)
  ask(message !== '', `${where}: says nothing`)
  ask(line >= 1 && line <= lines.length, `${where}: there are ${lines.length} lines`)
  ask(
    column >= 1 && column <= width + 1 && column - 1 + length <= width,
    `${where}: the line has ${width} characters`,
  )
}

export interface Given {
  readonly at: number
  readonly fleets: Readonly<Record<string, unknown>>
}

/** Each fleet's decision, or `null` where the observation was refused. Decides twice: nothing may be left to chance. */
export function askDecisions(spec: Spec, given: Given, calendar: Calendar): (Decision | null)[] {
  const { at, fleets } = parseWhatIf(JSON.stringify(given), 'the observation')
  return Object.entries(fleets).map(([name, seen]) => {
    const fleet = spec.fleets[name]
    ask(fleet !== undefined, `the fleet ${name} is gone`)
    const answer = imagine(spec, fleet, seen, at, calendar, fleets)
    if (!answer.ok) {
      ask(answer.problems.length > 0, 'an observation refused without a problem')
      return null
    }
    const again = imagine(spec, fleet, seen, at, calendar, fleets)
    ask(JSON.stringify(again) === JSON.stringify(answer), 'the same asked twice gave another answer')
    askDecision(fleet, answer.decision, seen.targetHighest)
    return answer.decision
  })
}

export function askDecision(fleet: FleetSpec, decision: Decision, targetHighest: number | null): void {
  const { current, desired, bounds, because, steps } = decision
  ask(because !== '', 'a decision without a reason')
  for (const step of steps)
    ask(explainStep(step, decision.at).trim() !== '', `a step without words: ${step.stage}`)
  ask((current === null) === (desired === null), `${current} -> ${desired}`)
  if (current === null || desired === null) return
  const keepsStill = steps.some(
    ({ stage, outcome }) => stage === 'reconciliation' && outcome === 'no-constraint',
  )
  const room = Math.min(bounds.highest, targetHighest ?? Infinity, fleet.quota ?? Infinity)
  const inside = desired <= room && desired >= Math.min(bounds.lowest, room)
  ask(Number.isInteger(desired), `${desired} is no count`)
  ask(keepsStill || inside, `${desired} is outside ${bounds.lowest}..${room}`)
  for (const step of steps) {
    if (step.stage !== 'guards') continue
    const [wanted, left] = [step.from - current, step.to - current]
    ask(
      Math.abs(left) <= Math.abs(wanted) && left * wanted >= 0,
      `${step.guard} made ${step.from} of it ${step.to}`,
    )
  }
}

/** An observation that is no observation is refused in words, and only so. */
export function askRefusal(text: string): void {
  try {
    parseWhatIf(text, 'the observation')
  } catch (error) {
    if (error instanceof CliError && error.code === 'PLM-508' && error.message !== '') return
    throw error
  }
}
