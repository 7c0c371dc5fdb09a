/**
 * One torture from beginning to end: two daemons with one state, a crowd that comes and goes, a torturer, and at the end, when
 * all is calm again, the account: what was acknowledged and is lost, who was cut, what still runs and nobody has.
 *
 * Example: `await runTorture({ minutes: 1, kills: null, seed: 7, print })` answers `{ sessions: 96, ..., kills: 13, acknowledgedLost:
 * 0, sessionsCut: 0, orphans: 0 }`.
 */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { LAUNCHER } from '../builders/real.ts'
import { until } from '../builders/until.ts'
import { Chance } from './chance.ts'
import { Daemons } from './daemons.ts'
import { Door } from './door.ts'
import { readHistory } from './history.ts'
import { processesIn } from './instances.ts'
import { TortureLog } from './log.ts'
import { type Account, Person } from './person.ts'
import { rest } from './rest.ts'
import { type CloudName, createScene, LEASE_MS, type Scene } from './scene.ts'
import { Torturer } from './torturer.ts'

export interface TortureOptions {
  /** Ends then, unless `kills` says otherwise. */
  readonly minutes: number
  /** Ends after so many, however long it takes (within reason). */
  readonly kills: number | null
  readonly seed: number
  /** What rooms are. */
  readonly cloud: CloudName
  readonly print: (line: string) => void
}

export interface Verdict {
  readonly seed: number
  readonly seconds: number
  readonly placements: number
  readonly finished: number
  readonly crashed: number
  readonly refused: number
  readonly launched: number
  readonly terminated: number
  readonly stops: number
  readonly storeRefusals: number
  readonly daemonsKilled: number
  readonly instancesKilled: number
  readonly violations: number
  readonly kills: number
  readonly acknowledgedLost: number
  readonly sessionsCut: number
  readonly orphans: number
}

const STAY_MS = 12_000
const FEWEST = 3
const MOST = 18
const WAVE_MS = 45_000
const LOOK_EVERY_MS = 250
/** Between two tortures, on average: sometimes one after the other, sometimes half a minute of peace. */
const PEACE_MS = 5_000
/** `kills` without an end is no test. */
const LONGEST_PER_KILL_MS = 30_000
const CALM_MS = 180_000
const COMMAND_MS = 120_000

export async function runTorture(options: TortureOptions): Promise<Verdict> {
  const log = new TortureLog(options.print)
  const scene = await createScene(options.cloud, log)
  log.say(`in ${scene.folder}, seed ${options.seed}`)
  const daemons = new Daemons(scene, log)
  const account: Account = { placements: 0, finished: 0, crashed: 0, acknowledgedLost: 0, sessionsCut: 0 }
  const began = performance.now()
  let failed = true
  try {
    const torture = new Torture(scene, daemons, account, options, log)
    const found = await torture.run()
    const { placements, finished, crashed, acknowledgedLost, sessionsCut } = account
    const { kills, orphans, ...more } = found
    const verdict: Verdict = {
      seed: options.seed,
      seconds: Math.round((performance.now() - began) / 1000),
      ...{ placements, finished, crashed },
      ...more,
      // What counts comes last.
      ...{ kills, acknowledgedLost, sessionsCut, orphans },
    }
    failed = isBad(verdict)
    return verdict
  } finally {
    await daemons.stop()
    await scene.scaleSet?.stop()
    for (const { pid, command } of processesIn(scene.folder)) {
      log.say(`ended at last: ${pid} ${command}`)
      process.kill(pid, 'SIGKILL')
    }
    if (failed) log.say(`what it left is in ${scene.folder}`)
    else rmSync(scene.folder, { recursive: true, force: true })
  }
}

export function isBad({ acknowledgedLost, sessionsCut, orphans, violations }: Verdict): boolean {
  return acknowledgedLost + sessionsCut + orphans + violations > 0
}

class Torture {
  readonly #scene: Scene
  readonly #daemons: Daemons
  readonly #account: Account
  readonly #options: TortureOptions
  readonly #log: TortureLog
  readonly #door: Door
  readonly #torturer: Torturer
  readonly #chance: Chance
  readonly #people = new Map<Person, Promise<void>>()
  readonly #hurry = new AbortController()
  #came = 0

  constructor(scene: Scene, daemons: Daemons, account: Account, options: TortureOptions, log: TortureLog) {
    this.#scene = scene
    this.#daemons = daemons
    this.#account = account
    this.#options = options
    this.#log = log
    this.#door = new Door(scene.urls)
    this.#torturer = new Torturer(scene, daemons, new Chance(options.seed), log)
    this.#chance = new Chance(options.seed + 1)
  }

  async run() {
    const { minutes, kills } = this.#options
    for (let which = 0; which < this.#daemons.count; which += 1) this.#daemons.start(which)
    await this.#isReady()
    const began = performance.now()
    const latestMs = kills === null ? minutes * 60_000 : kills * LONGEST_PER_KILL_MS
    const end = new AbortController()
    const late = setTimeout(() => end.abort(), latestMs)
    const crowd = this.#crowd(began, end.signal)
    try {
      await this.#tortureUntil(end, kills)
      await crowd
    } finally {
      clearTimeout(late)
      end.abort()
    }
    await this.#torturer.calm()
    this.#log.say('calm')
    return this.#reckon()
  }

  async #tortureUntil(end: AbortController, kills: number | null): Promise<void> {
    while (await rest(this.#chance.lengthMs(PEACE_MS), end.signal)) {
      await this.#torturer.once(end.signal)
      if (kills !== null && this.#torturer.killed >= kills) end.abort()
    }
  }

  /** Comes in waves, so that rooms are opened and closed all the time. */
  async #crowd(began: number, signal: AbortSignal): Promise<void> {
    do {
      const turn = ((performance.now() - began) / WAVE_MS) * 2 * Math.PI
      const wanted = FEWEST + Math.round(((1 - Math.cos(turn)) / 2) * (MOST - FEWEST))
      for (let more = wanted - this.#people.size; more > 0; more -= 1) this.#comes()
    } while (await rest(LOOK_EVERY_MS, signal))
  }

  #comes(): void {
    this.#came += 1
    const person = new Person(`person-${this.#came}`, {
      door: this.#door,
      account: this.#account,
      wasEnded: instance => this.#torturer.wasEnded(instance),
      say: what => this.#log.say(what),
    })
    const life = person
      .live(this.#chance.lengthMs(STAY_MS), this.#hurry.signal)
      .catch((error: unknown) => {
        this.#account.acknowledgedLost += 1
        this.#log.say(`LOST ${person.session}: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => this.#people.delete(person))
    this.#people.set(person, life)
  }

  async #isReady(): Promise<void> {
    await until(
      'rooms are open',
      async () => {
        const instances = await this.#door.instances(AbortSignal.timeout(5_000))
        return instances?.some(({ lifecycle, admission }) => lifecycle === 'ready' && admission === 'open')
      },
      CALM_MS,
    )
  }

  async #reckon() {
    await this.#isReady()
    this.#lostAtTheEnd((await this.#door.sessions(AbortSignal.timeout(CALM_MS))) ?? new Map())
    this.#hurry.abort()
    for (const person of this.#people.keys()) person.leave()
    await Promise.all(this.#people.values())
    await this.#ghostsAreGone()
    const unlisted = await this.#unlisted()
    const byForce = await this.#daemons.stop()
    if (byForce > 0) this.#log.say(`${byForce} daemons did not end when they were told to`)
    await (this.#scene.scaleSet?.stop() ?? this.#down())
    const left = processesIn(this.#scene.folder)
    for (const { pid, command } of left) this.#log.say(`ORPHAN ${pid} ${command}`)
    const history = await readHistory(this.#scene.folder)
    for (const fault of history.faults) this.#log.say(`BROKEN ${fault}`)
    const { kills, stops, refusals } = this.#torturer
    return {
      refused: this.#door.refused,
      launched: history.launched,
      terminated: history.terminated,
      stops,
      storeRefusals: refusals,
      daemonsKilled: kills.daemon,
      instancesKilled: kills.instance + kills.guard + kills.eviction,
      violations: history.faults.length + byForce,
      kills: this.#torturer.killed,
      orphans: unlisted + left.length,
    }
  }

  /** Whoever is in a room that lives must be known. */
  #lostAtTheEnd(known: ReadonlyMap<string, string>): void {
    for (const { session, place } of this.#people.keys()) {
      if (place === null || this.#torturer.wasEnded(place.instance)) continue
      const instance = known.get(session)
      if (instance === place.instance) continue
      this.#account.acknowledgedLost += 1
      this.#log.say(`LOST ${session} on ${place.instance}: it is listed ${instance ?? 'nowhere'}`)
    }
  }

  /** Sessions that were stored and could never be told to anyone end with their lease. */
  async #ghostsAreGone(): Promise<void> {
    await until(
      'no session is left',
      async () => (await this.#door.sessions(AbortSignal.timeout(5_000)))?.size === 0,
      CALM_MS + LEASE_MS,
    ).catch(error => {
      this.#account.acknowledgedLost += 1
      this.#log.say(`LEFT: ${String(error)}`)
    })
  }

  /** Instances that run and are in nobody's list: asked again, since one may just be ending or beginning. */
  async #unlisted(): Promise<number> {
    let unlisted: readonly string[] = []
    for (const end = performance.now() + CALM_MS; performance.now() < end; await rest(500)) {
      const listed = await this.#door.instances(AbortSignal.timeout(5_000))
      if (listed === null) continue
      const ids = new Set(listed.map(({ id }) => id))
      const rooms = processesIn(this.#scene.folder).filter(({ kind }) => kind === 'room')
      const there = [...rooms.map(({ instance }) => instance), ...(this.#scene.scaleSet?.names ?? [])]
      unlisted = there.flatMap(instance => (instance === null || ids.has(instance) ? [] : [instance]))
      if (unlisted.length === 0) return 0
    }
    for (const instance of unlisted) this.#log.say(`UNLISTED ${instance}`)
    return unlisted.length
  }

  async #down(): Promise<void> {
    const argv = [LAUNCHER, 'down', this.#scene.files[0] ?? '']
    const { stdout } = await promisify(execFile)(process.execPath, argv, {
      cwd: this.#scene.folder,
      timeout: COMMAND_MS,
    })
    this.#log.say(`down: ${stdout.trim().replaceAll('\n', ', ') || 'nothing was left'}`)
  }
}
