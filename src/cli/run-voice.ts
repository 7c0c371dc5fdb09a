/**
 * What `plimsoll run` says while it runs: sentences on a terminal, JSON lines anywhere else. One line per decision that
 * changes something, and one for each thing an operator would want to know; never the same line twice in a row.
 *
 * Example: `web  12:04:15  5 -> 6  because "Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)`
 */
import { pino } from 'pino'
import type { ApiLog } from '../api/settings.ts'
import type { DemoLoadStatus } from '../demo/load.ts'
import type { VisitorsStatus } from '../demo/visitors.ts'
import type { LoopEvent, TickReport } from '../loop/world.ts'
import type { JournalEntry } from '../model/journal.ts'
import { tellAct, tellApproval } from './act-text.ts'
import { coloursFor } from './colours.ts'
import { tellHeadline } from './decision-text.ts'
import type { Io } from './io.ts'

export interface Voice {
  /** Something of the whole daemon. */
  say(message: string, fields?: object): void
  event(event: LoopEvent): void
  /** A line an instance or the proxy printed. */
  fleetLine(fleet: string, line: string): void
  demo(status: DemoLoadStatus): void
  /** `last`: said in any case. */
  visitors(status: VisitorsStatus, when?: 'last'): void
  /** What the API reports: failures and clients it turned away. */
  readonly apiLog: ApiLog
}

type Level = 'info' | 'warn' | 'error'

interface Line {
  readonly level: Level
  readonly fleet: string
  readonly text: string
  readonly fields: object
  /** Two lines with the same subject say the same; by default the text. */
  readonly subject?: string
}

/** On a terminal the demonstration's state every so often, not every second. */
const DEMO_EVERY = 15

export function createVoice(io: Io): Voice {
  const speak = io.isTerminal ? terminalSpeaker(io) : jsonSpeaker(io)
  const lastByFleet = new Map<string, string>()
  const notTicking = new Set<string>()
  let demoTicks = 0
  let visitorTicks = 0
  /** A lasting trouble or an unchanged recommendation is said once, not at every tick. */
  const speakOnce = (line: Line): void => {
    const subject = line.subject ?? line.text
    const repeated = lastByFleet.get(line.fleet) === subject
    lastByFleet.set(line.fleet, subject)
    if (!repeated) speak(line)
  }
  return {
    say: (text, fields = {}) => {
      lastByFleet.set('', text)
      speak({ level: 'info', fleet: '', text, fields })
    },
    event: event => {
      if (event.type === 'tick') {
        const { fleet, outcome } = event.report
        if (outcome !== 'ticked') notTicking.add(fleet)
        else if (notTicking.delete(fleet))
          speakOnce({ level: 'info', fleet, text: 'it ticks again', fields: {} })
      }
      const line = lineOf(event, io)
      if (line !== null) speakOnce(line)
    },
    apiLog: {
      error: (fields, text) => speak({ level: 'error', fleet: '', text: `API: ${text}`, fields }),
      warn: (fields, text) => speak({ level: 'warn', fleet: '', text: `API: ${text}`, fields }),
    },
    fleetLine: (fleet, text) => {
      if (!io.isTerminal) speak({ level: 'info', fleet, text, fields: { output: true } })
    },
    demo: status => {
      demoTicks += 1
      if (demoTicks % DEMO_EVERY !== 1) return
      const { timeOfDay, wantedPerSecond, sentPerSecond, failed, turnedAway } = status
      const text = `demo load, ${timeOfDay} of its day: ${Math.round(wantedPerSecond)} requests/s wanted, ${sentPerSecond} sent, ${failed} failed and ${turnedAway} reports turned away so far`
      speak({ level: 'info', fleet: '', text, fields: { demo: status } })
    },
    visitors: (status, when) => {
      visitorTicks += 1
      if (when !== 'last' && visitorTicks % DEMO_EVERY !== 1) return
      const { fleet, talking, came, turnedAway, failed, cut } = status
      const who = when === 'last' ? `${came} people came` : `${talking} people talk, ${came} came so far`
      const text = `demo load: ${who}; ${cut} sessions cut, ${failed} failed, ${turnedAway} found no room`
      speak({ level: cut > 0 ? 'warn' : 'info', fleet, text, fields: { visitors: status } })
    },
  }
}

function jsonSpeaker(io: Io): (line: Line) => void {
  const log = pino({ base: null }, { write: text => io.stdout.write(text) })
  return ({ level, fleet, text, fields }) =>
    log[level]({ ...(fleet === '' ? {} : { fleet }), ...fields }, text)
}

function terminalSpeaker(io: Io): (line: Line) => void {
  const colours = coloursFor(io)
  const paint = { info: (text: string) => text, warn: colours.yellow, error: colours.red }
  return ({ level, fleet, text }) => {
    const who = fleet === '' ? '' : `${colours.bold(fleet)}  `
    io.stdout.write(`${who}${paint[level](text)}\n`)
  }
}

function lineOf(event: LoopEvent, io: Io): Line | null {
  switch (event.type) {
    case 'tick':
      return tickLine(event.report, io)
    case 'gap-began':
      return warning(event.fleet, `${event.operand} is unknown: ${event.gap}`, event)
    case 'gap-ended':
      return { level: 'info', fleet: event.fleet, text: `${event.operand} is known again`, fields: { event } }
    case 'lost':
      return warning(event.fleet, `${event.instance} was lost: ${event.detail}`, event)
    case 'froze':
      return warning(event.fleet, `nothing is closed, ended or restarted: ${event.freeze.because}`, event)
    case 'thawed':
      return { level: 'info', fleet: event.fleet, text: 'no longer frozen', fields: { event } }
    case 'settings':
      return settingsLine(event)
    case 'trouble':
      return warning(event.fleet, event.what, event)
    case 'spec-refused':
      return warning(
        '',
        `the changed configuration is refused, the one before stays in force:\n${event.problems}`,
        event,
      )
    case 'approval-wanted':
    case 'approval-withdrawn':
    case 'approved':
    case 'rejected':
    case 'expired':
      return { level: 'info', fleet: event.fleet, text: tellApproval(event), fields: { event } }
    case 'act':
      return { level: 'info', fleet: event.act.fleet ?? '', text: tellAct(event.act), fields: { event } }
    case 'ran':
      return ranLine(event)
    case 'delivery':
      return deliveryLine(event)
    case 'spec-applied':
    case 'samples':
      return null
  }
}

function settingsLine({ fleet, changes, settings }: Extract<LoopEvent, { type: 'settings' }>): Line | null {
  if (changes.length === 0) return null
  const told = changes.map(({ setting, from, to, rule }) => {
    const why = rule === null ? 'back to its default' : `because "${rule}" fires`
    return `setting ${setting}: ${from} -> ${to}, ${why}`
  })
  return {
    level: 'info',
    fleet,
    text: told.join('; '),
    subject: `settings ${settings.version}`,
    fields: { settings: changes },
  }
}

function ranLine({ fleet, run, outcome }: Extract<LoopEvent, { type: 'ran' }>): Line {
  const who = `${run.action} (${run.id}, by "${run.rule}")`
  const fields = { run, outcome }
  if (outcome.outcome === 'failed') {
    return { level: 'error', fleet, text: `${who} failed: ${outcome.error}`, fields }
  }
  const [first = ''] = (outcome.output ?? '').split('\n')
  return { level: 'info', fleet, text: `${who} is done${first === '' ? '' : `: ${first}`}`, fields }
}

function deliveryLine(event: Extract<LoopEvent, { type: 'delivery' }>): Line {
  const { fleet, notifier, title, detail } = event
  const fields = { delivery: event }
  switch (event.state) {
    case 'sent':
      return {
        level: 'info',
        fleet,
        text: `told ${notifier}: ${title}`,
        subject: `told ${event.notice}`,
        fields,
      }
    case 'retrying':
      return { level: 'warn', fleet, text: `could not tell ${notifier} yet, trying again: ${detail}`, fields }
    case 'failed':
      return { level: 'error', fleet, text: `${notifier} was not told "${title}": ${detail}`, fields }
  }
}

function warning(fleet: string, text: string, event: LoopEvent): Line {
  return { level: 'warn', fleet, text, fields: { event } }
}

function tickLine(report: TickReport, io: Io): Line | null {
  switch (report.outcome) {
    case 'ticked':
      return decisionLine(report.entry, io)
    case 'standby':
      return {
        level: 'info',
        fleet: report.fleet,
        text: 'standing by: another process holds the lease',
        fields: {},
      }
    case 'failed':
      return {
        level: 'error',
        fleet: report.fleet,
        text: `${report.code}: this tick failed and changed nothing: ${report.error}`,
        fields: { code: report.code },
      }
  }
}

function decisionLine(entry: JournalEntry, io: Io): Line | null {
  const { decision, plan, outcomes } = entry
  const failed = outcomes.find(outcome => outcome.outcome === 'failed')
  if (failed?.outcome === 'failed') {
    return {
      level: 'error',
      fleet: entry.fleet,
      text: `an action failed: ${failed.error}`,
      fields: { decision, plan, outcomes },
    }
  }
  if (decision.direction === 'none') return null
  const telling = { colours: coloursFor(io), timeZone: io.timeZone, now: io.now() }
  return {
    level: 'info',
    fleet: entry.fleet,
    text: tellHeadline(decision, telling),
    // Without its time: an unchanged recommendation is made at every tick.
    subject: `${decision.current} -> ${decision.desired} ${decision.rule}`,
    fields: { current: decision.current, desired: decision.desired, rule: decision.rule, plan: plan.actions },
  }
}
