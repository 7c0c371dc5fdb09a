/**
 * `plimsoll validate FILE`: every problem of a file at once, each with its place, or that there is none.
 *
 * Example: `plimsoll.yaml is valid: 1 fleet, 3 rules, 2 constraints, 1 KPI, 2 metrics, 1 schedule`.
 */

import { formatProblems } from '../config/load.ts'
import type { Spec } from '../model/spec.ts'
import { EXIT_BAD_INPUT, EXIT_OK } from './cli-error.ts'
import { coloursFor, wantsColour } from './colours.ts'
import { printProblems, tryLoadFile } from './config-file.ts'
import { type Io, printJson, printLine } from './io.ts'

export interface ValidateOptions {
  readonly json?: boolean
}

export async function validateCommand(file: string, { json }: ValidateOptions, io: Io): Promise<number> {
  const result = await tryLoadFile(io, file)
  if (!result.ok) {
    if (json === true) printJson(io, { valid: false, file, problems: result.problems })
    else printProblems(io, result)
    return EXIT_BAD_INPUT
  }
  const { spec, warnings, text } = result.loaded
  const counts = countParts(spec)
  if (json === true) {
    printJson(io, { valid: true, file, digest: spec.digest, ...counts, warnings })
    return EXIT_OK
  }
  if (warnings.length > 0) {
    io.stderr.write(`${formatProblems(warnings, text, { colour: wantsColour(io) }).trimEnd()}\n`)
  }
  printLine(io, `${file} is ${coloursFor(io).green('valid')}: ${describe(counts)}`)
  return EXIT_OK
}

type Counts = Readonly<Record<'fleets' | 'rules' | 'constraints' | 'kpis' | 'metrics' | 'schedules', number>>

function countParts({ fleets, metrics, schedules }: Spec): Counts {
  const all = Object.values(fleets)
  const sum = (of: (fleet: (typeof all)[number]) => number) =>
    all.reduce((total, fleet) => total + of(fleet), 0)
  return {
    fleets: all.length,
    rules: sum(fleet => fleet.rules.length),
    // The always-on capacity is a constraint inside, but not one the operator listed.
    constraints: sum(fleet => fleet.constraints.filter(constraint => constraint.name !== 'capacity').length),
    kpis: sum(fleet => fleet.kpis.length),
    metrics: Object.keys(metrics).length,
    schedules: Object.keys(schedules).length,
  }
}

const WORDS: Readonly<Record<keyof Counts, readonly [string, string]>> = {
  fleets: ['fleet', 'fleets'],
  rules: ['rule', 'rules'],
  constraints: ['constraint', 'constraints'],
  kpis: ['KPI', 'KPIs'],
  metrics: ['metric', 'metrics'],
  schedules: ['schedule', 'schedules'],
}

function describe(counts: Counts): string {
  const parts = [count(counts.fleets, WORDS.fleets), count(counts.rules, WORDS.rules)]
  for (const key of ['constraints', 'kpis', 'metrics', 'schedules'] as const) {
    if (counts[key] > 0) parts.push(count(counts[key], WORDS[key]))
  }
  return parts.join(', ')
}

function count(number: number, [one, many]: readonly [string, string]): string {
  return `${number} ${number === 1 ? one : many}`
}
