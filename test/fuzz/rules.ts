/**
 * Throws random rule files and observations at the door of the configuration and at the what-if door. `npm run fuzz -- --cases
 * 100000 [--seed S] [--json]`; a case that fails prints the command that repeats it.
 *
 * Example: `npm run fuzz -- --cases 1000 --seed 7` prints `1000 cases: 611 accepted, 389 refused, 2444 decisions, 0 failed`.
 * Exit codes: 0 nothing failed, 1 a case failed, 2 an option is wrong.
 */
import { parseArgs } from 'node:util'
import { nextSteps } from '../../src/engine/next.ts'
import { whyNot } from '../../src/engine/why-not.ts'
import { EMPTY_MEMORY } from '../../src/model/memory.ts'
import type { Spec } from '../../src/model/spec.ts'
import { createCalendar } from '../../src/plugins/calendars/temporal.ts'
import { observation } from '../builders/observation.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { randomText } from './grammar.ts'
import { randomObservation } from './seen.ts'
import { askConfig, askDecisions, askRefusal } from './soundness.ts'

export interface Failure {
  readonly seed: number
  readonly error: string
  readonly command: string
}

export interface FuzzReport {
  readonly cases: number
  readonly seed: number
  readonly accepted: number
  readonly refused: number
  readonly decisions: number
  /** Decisions that change the count. */
  readonly changes: number
  readonly failures: readonly Failure[]
}

/** After so many failures nothing new is learnt. */
const MOST_FAILURES = 5
const OBSERVATIONS_PER_FILE = 2
/** Asking what comes next asks hundreds of decisions. */
const NEXT_LIKELIHOOD = 0.02

const calendar = createCalendar()

/** Case n has the seed `seed + n`, so that one case alone is `--cases 1 --seed` of it. */
export function fuzz(cases: number, seed: number): FuzzReport {
  const failures: Failure[] = []
  const count = { accepted: 0, refused: 0, decisions: 0, changes: 0 }
  let done = 0
  for (; done < cases && failures.length < MOST_FAILURES; done++) {
    const own = seed + done
    try {
      const outcome = runCase(chanceFrom(own))
      count[outcome.accepted ? 'accepted' : 'refused'] += 1
      count.decisions += outcome.decisions
      count.changes += outcome.changes
    } catch (error) {
      failures.push({
        seed: own,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        command: `npm run fuzz -- --cases 1 --seed ${own}`,
      })
    }
  }
  return { cases: done, seed, ...count, failures }
}

function runCase(chance: Chance): { accepted: boolean; decisions: number; changes: number } {
  const spec = askConfig(randomText(chance))
  if (spec === null) return { accepted: false, decisions: 0, changes: 0 }
  const found = Array.from({ length: OBSERVATIONS_PER_FILE }, () => runObservation(spec, chance)).flat()
  return {
    accepted: true,
    decisions: found.length,
    changes: found.filter(({ direction }) => direction !== 'none').length,
  }
}

function runObservation(spec: Spec, chance: Chance) {
  const given = randomObservation(spec, chance)
  if (chance.maybe(0.1)) askRefusal(damaged(JSON.stringify(given), chance))
  const decisions = askDecisions(spec, given, calendar).filter(decision => decision !== null)
  for (const decision of decisions) askExplanations(spec, decision, chance)
  return decisions
}

/** Every rule has a reason why it did not win, and what comes next is more, or fewer. */
function askExplanations(
  spec: Spec,
  decision: Parameters<typeof whyNot>[1]['decision'],
  chance: Chance,
): void {
  const fleet = spec.fleets[decision.fleet]
  if (fleet === undefined) return
  const values: Record<string, number | null> = {}
  for (const step of decision.steps) {
    if (step.stage === 'operands') values[step.operand] = step.outcome === 'gap' ? null : step.value
  }
  const seen = { ...observation({ at: decision.at, values }), fleet: fleet.name }
  for (const { name } of fleet.rules) {
    const answer = whyNot(fleet, { observation: seen, memory: EMPTY_MEMORY, decision }, name)
    if (answer === null || answer.reasons.length === 0) throw new Error(`no reason why "${name}" did not win`)
    for (const { because } of answer.reasons)
      if (because === '') throw new Error(`an empty reason of "${name}"`)
  }
  if (!chance.maybe(NEXT_LIKELIHOOD)) return
  const { desired, up, down } = nextSteps(fleet, seen, EMPTY_MEMORY)
  for (const way of up.ways) if (way.desired <= (desired ?? 0)) throw new Error(`no step up: ${way.because}`)
  for (const way of down.ways)
    if (way.desired >= (desired ?? 0)) throw new Error(`no step down: ${way.because}`)
}

function damaged(text: string, chance: Chance): string {
  const at = chance.whole(0, text.length)
  return (
    text.slice(0, at) +
    chance.pick(['', '"', '-', '{', 'null', '\u0000']) +
    text.slice(at + chance.whole(0, 8))
  )
}

function main(): number {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      json: { type: 'boolean', default: false },
    },
  })
  const [cases, seed] = [Number(values.cases), Number(values.seed)]
  if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
    console.error('Give whole numbers: npm run fuzz -- --cases 100000 --seed 1')
    return 2
  }
  const started = performance.now()
  const report = fuzz(cases, seed)
  const seconds = Math.round((performance.now() - started) / 100) / 10
  for (const { error, command } of report.failures) console.error(`${error}\nAgain: ${command}\n`)
  const { accepted, refused, decisions, changes, failures } = report
  console.log(
    `${report.cases} cases from seed ${seed}: ${accepted} accepted, ${refused} refused, ${decisions} decisions (${changes} change the count), ${failures.length} failed, ${seconds} s`,
  )
  if (values.json) console.log(JSON.stringify({ ...report, seconds }))
  return failures.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
