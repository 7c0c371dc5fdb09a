/**
 * The file that `init` writes: complete, commented, and valid as it stands.
 *
 * Example: `writeTemplate({ fleet: 'web', target: 'process', command: ['node', 'app.mjs'], min: 2, max: 5, ... })` has a
 * process target behind the proxy, CPU as its metric, one rule out and one in.
 */

export type TargetChoice = 'process' | 'command' | 'none'
export const TARGET_CHOICES: readonly TargetChoice[] = ['process', 'command', 'none']

export interface InitAnswers {
  readonly fleet: string
  readonly target: TargetChoice
  /** Of a process target: the program with its arguments. */
  readonly command: readonly string[]
  /** Of a process target: where the proxy listens. */
  readonly listen: string
  readonly min: number
  readonly max: number
}

export function writeTemplate(answers: InitAnswers, file: string): string {
  return `# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json
#
# Check this file:  plimsoll validate ${file}
# Run it:           plimsoll run ${file}
# Ask why:          plimsoll explain ${word(answers.fleet)}
plimsoll: 1

# Windows of time, each in a time zone of its own. Constraints and rules refer to them by name.
schedules:
  working hours:
    weekly: { days: [monday, tuesday, wednesday, thursday, friday] }
    start: "08:00"
    end: "18:00"
    timeZone: UTC

# What is measured, and how often.
metrics:
${metricsOf(answers)}
fleets:
  ${word(answers.fleet)}:
${targetOf(answers)}
    # Never fewer, never more, whatever the rules say.
    capacity: { min: ${answers.min}, max: ${answers.max} }

    # Other bounds at other times: the highest rank that is in force wins whole.
    constraints:
      - { name: Working hours, rank: 10, min: ${Math.min(answers.min + 1, answers.max)}, max: ${answers.max}, schedule: working hours }

    # A goal to look at: green or red on the page and in \`plimsoll status\`.
    kpis:
      busy: { goal: "avg(${metricName(answers)}, 5m) < 80%" }

    # Quote conditions: inside { } a comma would split them.
    rules:
      - { name: Scale out, when: "avg(${metricName(answers)}, 1m) > 70%", scale: { by: 1 } }
      - { name: Scale in, when: "avg(${metricName(answers)}, 5m) < 30%", scale: { by: -1 } }

    # How long to wait after a change before the next one out, and in.
    cooldown: { out: 3m, in: 10m }

    # recommend: decide and record, but touch nothing. scale: act.
    mode: ${answers.target === 'none' ? 'recommend' : 'scale'}
`
}

function metricName({ target }: InitAnswers): string {
  return target === 'process' ? 'cpu' : 'load'
}

function metricsOf({ target }: InitAnswers): string {
  switch (target) {
    case 'process':
      return `  # CPU of each instance, read from the operating system.
  cpu: { source: process, read: cpu, kind: perInstance, unit: percent }
`
    case 'command':
      return `  # Sent by you: POST /v1/samples. Per cent of what each instance can do.
  load: { source: push, kind: perInstance, unit: percent }
`
    case 'none':
      return `  # Sent by you: POST /v1/samples. Per cent of what each instance can do, and how many instances there are.
  load: { source: push, kind: perInstance, unit: percent }
  replicas: { source: push, kind: independent, unit: count }
`
  }
}

function targetOf({ target, command, listen }: InitAnswers): string {
  switch (target) {
    case 'process':
      return `    # Instances are processes on this machine. Each gets its port in PORT and answers GET /health.
    target: { type: process, command: ${JSON.stringify(command)}, health: { path: /health } }
    # Requests come in here, and a session stays with its instance.
    router: { type: proxy, listen: ${JSON.stringify(listen)} }
`
    case 'command':
      return `    # Instances are listed, launched and terminated by programs of yours: JSON in, JSON out.
    target: { type: command, list: [./fleet.sh, list], launch: [./fleet.sh, launch], terminate: [./fleet.sh, terminate] }
`
    case 'none':
      return `    # Nothing is launched or terminated: Plimsoll says how many there should be, and why.
    target: { type: none, count: "last(replicas)" }
`
  }
}

/** A YAML key, quoted where a plain word would be read as something else. */
function word(text: string): string {
  return /^[A-Za-z][\w-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text)
}
