/**
 * Thousands of damaged and strange autoscale settings at the door of `import azure`: each is accepted, and then our own loader and
 * the export take it, and what was exported is imported into the same again; or it is refused with a place inside the file.
 * Anything else is a defect, told with the command that repeats it. `node test/fuzz/azure.ts --cases 10000 [--seed S] [--json]`.
 *
 * Exit codes: 0 nothing failed, 1 a case failed, 2 an option is wrong.
 */
import { parseArgs } from 'node:util'
import { parseConfig } from '../../src/config/load.ts'
import { exportAzure } from '../../src/importers/azure/export-azure.ts'
import { importAzure } from '../../src/importers/azure/import-azure.ts'
import { ImportError } from '../../src/importers/import-error.ts'
import { type Chance, chanceFrom } from './chance.ts'

export interface AzureFuzz {
  readonly accepted: number
  readonly refused: number
  readonly failures: readonly { readonly seed: number; readonly error: string }[]
}

export function fuzzAzure(cases: number, firstSeed: number): AzureFuzz {
  let accepted = 0
  let refused = 0
  const failures: { seed: number; error: string }[] = []
  for (let seed = firstSeed; seed < firstSeed + cases; seed += 1) {
    try {
      if (isTaken(textOf(seed))) accepted += 1
      else refused += 1
    } catch (error) {
      failures.push({ seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  return { accepted, refused, failures }
}

function isTaken(text: string): boolean {
  let config: string
  try {
    config = importAzure([{ file: 'fuzz.json', text }]).text
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    const lines = text.split('\n')
    for (const { line, column, file } of error.problems) {
      const width = lines[line - 1]?.length ?? -1
      if (file !== 'fuzz.json' || column < 1 || column > width + 1) {
        throw new Error(`refused outside of the file, at ${file}:${line}:${column}: ${error.message}`)
      }
    }
    return false
  }
  const first = exported(config)
  const second = exported(first.again)
  // Names too long or too alike may change once, and with them the order; after that nothing may.
  if (second.again !== first.again)
    throw new Error(`another file the second time:\n${first.again}\n---\n${second.again}`)
  if (second.said !== first.said)
    throw new Error(`exported and imported, ${first.said} became ${second.said}`)
  return true
}

/** What an export and an import make of it, and how much it says. */
function exported(config: string): { readonly again: string; readonly said: string } {
  const result = parseConfig(config, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(`not valid: ${JSON.stringify(result.problems)}`)
  const { fleets, notifiers } = result.loaded.spec
  const parts = Object.values(fleets).map(({ constraints, rules }) => `${constraints.length}+${rules.length}`)
  const { text } = exportAzure(result.loaded)
  const [again = ''] = importAzure([{ file: 'fuzz.json', text }]).text.split('\n# What the import')
  return { again, said: `${parts.join(', ')} and ${Object.keys(notifiers).length} notifiers` }
}

function textOf(seed: number): string {
  const chance = chanceFrom(seed)
  const text = JSON.stringify(document(chance), null, chance.pick([0, 1, 2]))
  return chance.maybe(0.4) ? damaged(text, chance) : text
}

function damaged(text: string, chance: Chance): string {
  const at = chance.whole(0, text.length)
  switch (chance.whole(0, 4)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + text.slice(at + chance.whole(1, 20))
    case 2:
      return (
        text.slice(0, at) +
        chance.pick(['{', '}', '[', ']', '"', ',', ':', '\\', '\n', '/*', '//', '\u0000', '9e9', '😀']) +
        text.slice(at)
      )
    case 3:
      return text.slice(0, at) + text.slice(chance.whole(0, text.length))
    default:
      return '['.repeat(chance.whole(1, 100)) + text
  }
}

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  '',
  '[',
  ']',
  '[]',
  "[concat('a')]",
  "[parameters('p')]",
  '[copyIndex()]',
  '[[x]',
  'PT0S',
  '${x}',
  '\u2028',
  {},
  [],
  [[]],
  '__proto__',
  'NaN',
]

/** The value, or now and then something else in its place. */
function odd(value: unknown, chance: Chance): unknown {
  return chance.maybe(0.006) ? chance.pick(ODD) : value
}

function document(chance: Chance): unknown {
  const one = setting(chance)
  switch (chance.whole(0, 4)) {
    case 0:
      return [one, setting(chance)]
    case 1:
      return { value: [one] }
    case 2:
      return {
        parameters: { p: odd({ type: 'string', defaultValue: odd('3', chance) }, chance) },
        variables: { v: "[concat(parameters('p'), 'x')]", w: odd("[variables('v')]", chance) },
        resources: odd(
          [
            {
              ...one,
              type: 'microsoft.insights/autoscaleSettings',
              ...(chance.maybe(0.3) ? { copy: { name: 'c', count: odd(chance.whole(0, 3), chance) } } : {}),
              name: odd("[concat(variables('w'), 'y')]", chance),
            },
          ],
          chance,
        ),
      }
    default:
      return one
  }
}

function setting(chance: Chance): Record<string, unknown> {
  const profiles = chance.times(1, 4, index => profile(chance, index))
  return {
    name: odd('web-scale', chance),
    location: odd('westeurope', chance),
    tags: odd({ a: 'b' }, chance),
    properties: odd(
      {
        enabled: odd(chance.maybe(0.5), chance),
        targetResourceUri: odd(
          '/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web',
          chance,
        ),
        profiles: odd(profiles, chance),
        notifications: odd(
          chance.maybe(0.3)
            ? [
                {
                  operation: 'Scale',
                  email: { customEmails: [odd('a@example.org', chance)] },
                  webhooks: [
                    { serviceUri: odd('https://example.org/', chance), properties: odd({ a: 'b' }, chance) },
                  ],
                },
              ]
            : [],
          chance,
        ),
        predictiveAutoscalePolicy: odd(
          chance.maybe(0.3)
            ? { scaleMode: odd('Enabled', chance), scaleLookAheadTime: odd('PT10M', chance) }
            : null,
          chance,
        ),
      },
      chance,
    ),
  }
}

const ZONES = [
  'UTC',
  'GMT Standard Time',
  'Pacific Standard Time',
  'Lord Howe Standard Time',
  'Samoa Standard Time',
]
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

function profile(chance: Chance, index: number): unknown {
  const name = chance.pick([
    `P${index}`,
    'P',
    'default',
    '{"name":"default","for":"P"}',
    'capacity',
    'é'.repeat(80),
    '!!!',
    'reserve',
  ])
  const min = chance.whole(0, 5)
  const bounds = { minimum: String(min), maximum: String(min + chance.whole(0, 5)), default: String(min) }
  const timeZone = chance.pick(ZONES)
  const day = chance.whole(10, 28)
  const when = chance.pick([
    {},
    {
      fixedDate: odd(
        {
          timeZone,
          start: odd(`2026-10-${day}T0${chance.whole(0, 9)}:30:00`, chance),
          end: odd(`2026-10-${day + 2}T01:00:00Z`, chance),
        },
        chance,
      ),
    },
    {
      recurrence: odd(
        {
          frequency: odd('Week', chance),
          schedule: {
            timeZone: odd(timeZone, chance),
            days: odd(chance.some(DAYS, 0.6), chance),
            hours: [odd(chance.whole(0, 23), chance)],
            minutes: [odd(chance.whole(0, 59), chance)],
          },
        },
        chance,
      ),
    },
  ])
  return odd(
    {
      name: odd(name, chance),
      capacity: odd(bounds, chance),
      rules: odd(
        chance.times(0, 3, () => rule(chance)),
        chance,
      ),
      ...when,
    },
    chance,
  )
}

function rule(chance: Chance): unknown {
  return {
    metricTrigger: odd(
      {
        metricName: odd(
          chance.pick(['Percentage CPU', 'and', '9', '消息', 'ApproximateMessageCount', 'x'.repeat(200)]),
          chance,
        ),
        metricResourceUri: odd(chance.pick(['/a', '/b/Microsoft.Storage/c']), chance),
        timeGrain: odd(chance.pick(['PT1M', 'PT5M', '0:01:00', 'PT1H']), chance),
        statistic: odd(chance.pick(['Average', 'Min', 'count']), chance),
        timeWindow: odd(chance.pick(['PT5M', 'PT10M', 'PT12H', 'PT90S']), chance),
        timeAggregation: odd(chance.pick(['Average', 'Count', 'Last', 'Total']), chance),
        operator: odd(chance.pick(['GreaterThan', 'LessThan', 'Equals']), chance),
        threshold: odd(chance.pick([1, 70, 0.001, 1e-9, 123456789.5, '60']), chance),
        dimensions: odd(
          chance.pick([[], null, [{ DimensionName: 'd', Operator: 'Equals', Values: [odd('v', chance)] }]]),
          chance,
        ),
        dividePerInstance: odd(chance.maybe(0.3), chance),
      },
      chance,
    ),
    scaleAction: odd(
      {
        direction: odd(chance.pick(['Increase', 'Decrease', 'None']), chance),
        type: odd(
          chance.pick(['ChangeCount', 'PercentChangeCount', 'ExactCount', 'ServiceAllowedNextValue']),
          chance,
        ),
        value: odd(chance.pick(['1', '0', '250', '10000']), chance),
        cooldown: odd(chance.pick(['PT1M', 'P7D', 'P40D', 'PT5M']), chance),
      },
      chance,
    ),
  }
}

const MOST_CASES = 1_000_000
const MOST_SHOWN = 10

/** Answers the exit code. */
export function fuzzAzureCommand(args: readonly string[], write: (text: string) => void): number {
  const { cases, seed, json } = optionsOf(args)
  if (!(Number.isInteger(cases) && cases >= 1 && cases <= MOST_CASES && Number.isInteger(seed))) {
    write(`Give --cases from 1 to ${MOST_CASES} and a whole --seed.\n`)
    return 2
  }
  const { accepted, refused, failures } = fuzzAzure(cases, seed)
  for (const failed of failures.slice(0, MOST_SHOWN))
    write(`${failed.error}\nAgain: ${againOf(failed.seed)}\n`)
  const words = `${cases} cases: ${accepted} accepted, ${refused} refused, ${failures.length} failed`
  write(`${json ? JSON.stringify({ cases, seed, accepted, refused, failures }) : words}\n`)
  return failures.length === 0 ? 0 : 1
}

export function againOf(seed: number): string {
  return `node test/fuzz/azure.ts --cases 1 --seed ${seed}`
}

/** NaN for what is not a number, or an option that is not one of these. */
function optionsOf(args: readonly string[]): { cases: number; seed: number; json: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: '10000' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    })
    return { cases: Number(values.cases), seed: Number(values.seed), json: values.json }
  } catch {
    return { cases: Number.NaN, seed: Number.NaN, json: false }
  }
}

if (import.meta.main)
  process.exitCode = fuzzAzureCommand(process.argv.slice(2), text => process.stdout.write(text))
