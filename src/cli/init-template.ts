/**
 * The file that `init` writes: complete, commented, and valid as it stands.
 *
 * Example: `writeTemplate({ fleet: 'web', target: 'process', command: ['node', 'app.mjs'], slots: 0, min: 2, max: 5, ... })` has a
 * process target behind the proxy, and one rule that lets 99.5 % of the requests find a ready instance. With `slots: 20` the rule
 * keeps room for sessions instead.
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
  /** Sessions one instance has room for; 0: it serves requests, each on its own. */
  readonly slots: number
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

${rulesOf(answers)}
    # recommend: decide and record, but touch nothing. scale: act.
    mode: ${answers.target === 'none' ? 'recommend' : 'scale'}
`
}

/** Room for sessions is seen by who places them; with nobody to ask, their number is sent like any other. */
function keepsRoom({ target, slots }: InitAnswers): boolean {
  return slots > 0 && target !== 'none'
}

function metricsOf(answers: InitAnswers): string {
  const { target, slots } = answers
  const cpu =
    '  # CPU of each instance, read from the operating system.\n  cpu: { source: process, read: cpu }\n'
  const replicas = `  # How many instances there are. Sent by you, like the next.
  replicas: { source: push, kind: independent, unit: count }
`
  const sessions = '  sessions: { source: push, kind: total, unit: count }\n'
  const sent = `  # Requests per second of the whole fleet. Sent by you: POST /v1/samples.
  requests: { source: push, kind: total, unit: count }
`
  switch (target) {
    case 'process':
      return slots > 0
        ? cpu
        : `  # Requests per second that reach the proxy, whether or not an instance is there to serve them.
  requests: { source: proxy, read: requestsPerSecond, every: 5s }
`
    case 'command':
      return slots > 0
        ? `  # Sent by you: POST /v1/samples.\n  load: { source: push, kind: perInstance, unit: percent }\n`
        : sent
    case 'none':
      return slots > 0 ? `${replicas}${sessions}` : `${replicas}${sent}`
  }
}

function rulesOf(answers: InitAnswers): string {
  const { target, slots } = answers
  if (keepsRoom(answers)) return roomRules(answers)
  const [metric, unit, perInstance] =
    slots > 0
      ? ['last(sessions)', 'sessions', slots]
      : [target === 'process' ? 'avg(requests, 30s)' : 'last(requests)', 'requests per second', 50]
  const said =
    slots > 0
      ? ''
      : ` Say what one instance can serve
    # (perInstance): try it under load, or ask \`plimsoll fit\`. 50 is a guess.`
  return `    # A goal to look at: green or red on the page and in \`plimsoll status\`.
    kpis:
      room: { goal: "${metric} < ready * ${perInstance}" }

    # As many instances as let 99.5 % of the ${unit} find one that is ready. No thresholds: how much headroom that
    # takes is learnt from how the demand rose before, over the time an instance takes to boot.${said}
    rules:
      - { name: Serve, serve: { metric: "${metric}", perInstance: ${perInstance}, slo: 99.5% } }

    # It grows at once, and lets go when it has learnt that it can. If most of the demand is gone all of a sudden, something
    # in front of the fleet has broken rather: then nothing goes for a quarter of an hour.
    outageGuard: { of: "${metric}", drop: 80%, within: 5m, hold: 15m }
`
}

function roomRules({ target, slots }: InitAnswers): string {
  const load = target === 'process' ? 'avg(cpu, 5m)' : 'avg(load, 5m)'
  return `    # Room for so many sessions on each instance.
    sessions: { slotsPerInstance: ${slots} }

    # A goal to look at: green or red on the page and in \`plimsoll status\`.
    kpis:
      busy: { goal: "${load} < 80%" }

    # A quarter of all slots is kept free for the sessions that come next. An instance that is to go takes no new ones, and
    # ends when its own have ended.
    rules:
      - { name: Room, reserve: { slots: 25% } }

    # It grows at once; these hold back what is let go, after a change and until five minutes agree.
    cooldown: { in: 5m }
    stabilization: { in: 5m }
`
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
