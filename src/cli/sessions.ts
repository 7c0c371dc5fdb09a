/**
 * `plimsoll sessions FLEET`: a console on a fleet's sessions (`add`, `remove N`, `list`), and the same as single commands.
 * After each command of the console the list is shown; N is a number in the list that was shown last.
 *
 * Example:
 *
 *     rooms> add 2
 *     placed k3v...: 2 slots on rooms-3
 *       #  SESSION   INSTANCE  SLOTS  ADDRESS                 PLACED
 *       1  match-7   rooms-3   1      http://127.0.0.1:41231  12:04:15
 *       2  k3v...    rooms-3   2      http://127.0.0.1:41231  12:06:40
 */
import { z } from 'zod'
import { PlacedWire, ReleasedWire, SessionWire } from '../api/wire/session.ts'
import { formatSpan } from '../engine/explain.ts'
import { CliError, EXIT_FAILED, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { askDaemon, type DaemonOptions } from './daemon.ts'
import { tellTime } from './decision-text.ts'
import { type Io, printJson, printLine } from './io.ts'
import { AlreadySaid } from './said.ts'
import { table } from './table.ts'

export interface SessionsOptions extends DaemonOptions {
  readonly id?: string
  readonly zone?: string
  readonly label?: Readonly<Record<string, string>>
  readonly ttlMs?: number
  readonly waitMs?: number
}

const MOST_LISTED = 1000
const Page = z.object({ sessions: z.array(SessionWire), next: z.string().nullable() })
type Session = z.output<typeof SessionWire>

const HELP = `add [SLOTS]  places a session
remove N     ends the one with this number in the list, or this id
list         shows the list
quit         ends`

/** One line of the console, or the words of a single command. */
export async function sessionsCommand(
  fleet: string,
  words: readonly string[],
  options: SessionsOptions,
  io: Io,
): Promise<number> {
  const door = new SessionsConsole(fleet, options, io)
  return words.length > 0 ? door.single(words) : door.run()
}

class SessionsConsole {
  readonly #fleet: string
  readonly #options: SessionsOptions
  readonly #io: Io
  /** As shown last: what numbers mean. */
  #shown: readonly Session[] = []

  constructor(fleet: string, options: SessionsOptions, io: Io) {
    this.#fleet = fleet
    this.#options = options
    this.#io = io
  }

  async single([word = '', ...rest]: readonly string[]): Promise<number> {
    if (word === 'remove' && isNumber(rest[0])) this.#shown = (await this.#page()).sessions
    if (word === 'list' && rest.length === 0) await this.#list()
    else if (!(await this.#change(word, rest))) throw unknownWord(word)
    return EXIT_OK
  }

  /** Reads commands until input ends; answers whether all of them worked. */
  async run(): Promise<number> {
    await this.#list()
    let failed = false
    for await (const line of this.#io.lines(`${this.#fleet}> `)) {
      const words = line
        .trim()
        .split(/\s+/)
        .filter(word => word !== '')
      if (words[0] === 'quit' || words[0] === 'exit') break
      if (words.length > 0 && !(await this.#obey(words))) failed = true
    }
    return failed ? EXIT_FAILED : EXIT_OK
  }

  /** Whatever goes wrong is said, and the next command may do better. */
  async #obey([word = '', ...rest]: readonly string[]): Promise<boolean> {
    try {
      if (word === 'help') {
        printLine(this.#io, HELP)
        return true
      }
      if (word !== 'list' && !(await this.#change(word, rest))) {
        printLine(this.#io, `There is no command "${word}".\n${HELP}`)
        return false
      }
      await this.#list()
      return true
    } catch (error) {
      if (error instanceof CliError) {
        this.#io.stderr.write(`${coloursFor(this.#io).red('plimsoll:')} ${error.code}: ${error.message}\n`)
      } else if (!(error instanceof AlreadySaid)) throw error
      return false
    }
  }

  async #change(word: string, rest: readonly string[]): Promise<boolean> {
    if (rest.length > 1) return false
    if (word === 'add') await this.#add(rest[0])
    else if (word === 'remove') await this.#remove(rest[0])
    else return false
    return true
  }

  async #add(slots: string | undefined): Promise<void> {
    if (slots !== undefined && !isNumber(slots)) {
      throw new CliError('PLM-501', `"${slots}" is no number of slots: add, or add 2.`)
    }
    const { id, zone, label, ttlMs, waitMs } = this.#options
    const placed = await askDaemon(this.#io, this.#options, {
      method: 'POST',
      path: this.#path(''),
      body: {
        ...(id === undefined ? {} : { sessionId: id }),
        ...(slots === undefined ? {} : { slots: Number(slots) }),
        ...(zone === undefined ? {} : { zone }),
        ...(label === undefined ? {} : { labels: label }),
        ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
        ...(waitMs === undefined ? {} : { waitMs }),
      },
      answer: PlacedWire,
    })
    this.#say(z.encode(PlacedWire, placed), `placed ${tellPlaced(placed)}`)
  }

  async #remove(which: string | undefined): Promise<void> {
    if (which === undefined) {
      throw new CliError('PLM-501', 'Which one? remove N, its number in the list, or its id.')
    }
    const session = isNumber(which) ? this.#shown[Number(which) - 1]?.session : which
    if (session === undefined) {
      throw new CliError(
        'PLM-507',
        `There is no number ${which} in the list, which has ${this.#shown.length} sessions.`,
      )
    }
    const answer = await askDaemon(this.#io, this.#options, {
      method: 'DELETE',
      path: this.#path(`/${encodeURIComponent(session)}`),
      query: { why: 'removed by hand' },
      answer: ReleasedWire,
    })
    this.#say(answer, answer.released === 'released' ? `ended ${session}` : `${session} had ended before`)
  }

  async #list(): Promise<void> {
    const page = await this.#page()
    this.#shown = page.sessions
    if (this.#options.json === true) printJson(this.#io, { fleet: this.#fleet, ...z.encode(Page, page) })
    else for (const line of this.#tell(page)) printLine(this.#io, line)
  }

  #page(): Promise<z.output<typeof Page>> {
    const query = { limit: String(MOST_LISTED) }
    return askDaemon(this.#io, this.#options, { method: 'GET', path: this.#path(''), query, answer: Page })
  }

  #tell({ sessions, next }: z.output<typeof Page>): string[] {
    const colours = coloursFor(this.#io)
    if (sessions.length === 0) return [`${this.#fleet} has no sessions`]
    const told = { colours, timeZone: this.#io.timeZone, now: this.#io.now() }
    const rows = sessions.map((session, index) => [
      String(index + 1).padStart(3),
      colours.bold(session.session),
      session.instance,
      String(session.slots),
      session.address ?? '-',
      tellTime(session.placedAt, told),
      session.ttlLeftMs === null ? '' : `${formatSpan(session.ttlLeftMs)} left`,
      Object.entries(session.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ])
    const heads = ['  #', 'SESSION', 'INSTANCE', 'SLOTS', 'ADDRESS', 'PLACED'].map(word => colours.dim(word))
    const more = next === null ? [] : [`and more; these are the ${sessions.length} placed first`]
    return [...table([heads, ...rows]), ...more]
  }

  #say(answer: object, line: string): void {
    if (this.#options.json === true) printJson(this.#io, answer)
    else printLine(this.#io, line)
  }

  #path(rest: string): string {
    return `/v1/fleets/${encodeURIComponent(this.#fleet)}/sessions${rest}`
  }
}

function tellPlaced({ session, slots, instance, again }: z.output<typeof PlacedWire>): string {
  const room = slots === 1 ? '1 slot' : `${slots} slots`
  return `${session}: ${room} on ${instance}${again ? ', as before' : ''}`
}

function isNumber(word: string | undefined): word is string {
  return word !== undefined && /^[1-9]\d{0,8}$/.test(word)
}

function unknownWord(word: string): CliError {
  return new CliError(
    'PLM-501',
    `"${word}" is not add [SLOTS], remove N or list; without any of them there is a console.`,
  )
}
