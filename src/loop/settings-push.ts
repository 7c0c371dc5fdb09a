/**
 * Gets the newest settings of one fleet to a receiver, beside the loop: a tick only leaves a message here. While one is
 * under way or waits for its next try, newer ones replace each other, so that a receiver that was away is told once, and
 * what is true now.
 *
 * Example: versions 5, 6 and 7 come while the receiver is down; when it is back it gets version 7, whose `changed` says
 * what 5, 6 and 7 changed together. After 8 tries of one message without success it is given up and that is told; the
 * next change is tried anew.
 */
import type { SettingChange } from '../model/settings.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SettingsMessage, SettingsReceiver } from '../ports/settings-receiver.ts'
import { reasonOf } from './deadline.ts'

const MOST_TRIES = 8
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000

export interface SettingsPushOptions {
  readonly clock: Clock
  readonly random: Random
  /** A message was given up. */
  readonly onTrouble: (what: string) => void
}

export class SettingsPush {
  readonly #receiver: SettingsReceiver
  readonly #options: SettingsPushOptions
  readonly #closing = new AbortController()
  #waiting: SettingsMessage | null = null
  #newestVersion = -1
  #delivery: Promise<void> | null = null

  constructor(receiver: SettingsReceiver, options: SettingsPushOptions) {
    this.#receiver = receiver
    this.#options = options
  }

  /** Returns at once; what is older than what was offered before is left out. */
  offer(message: SettingsMessage): void {
    if (this.#closing.signal.aborted || message.version <= this.#newestVersion) return
    this.#newestVersion = message.version
    this.#waiting = joined(this.#waiting, message)
    this.#delivery ??= this.#deliver().finally(() => {
      this.#delivery = null
    })
  }

  /** Nothing is waiting or under way any more. */
  async settled(): Promise<void> {
    await this.#delivery
  }

  /** Gives up what was not taken yet. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#delivery
    await this.#receiver.close()
  }

  async #deliver(): Promise<void> {
    let tries = 0
    let failures = 0
    let tried = -1
    while (this.#waiting !== null && !this.#closing.signal.aborted) {
      const message: SettingsMessage = this.#waiting
      this.#waiting = null
      tries = message.version === tried ? tries + 1 : 1
      tried = message.version
      const error = await this.#send(message)
      if (error === null || this.#closing.signal.aborted) {
        failures = 0
        continue
      }
      failures += 1
      const isLast = tries >= MOST_TRIES || !isWorthAnotherTry(error)
      if (isLast) this.#giveUp(message, tries, error)
      if (!isLast || this.#waiting !== null) this.#waiting = joined(message, this.#waiting)
      if (this.#waiting !== null) await this.#pause(failures, error)
    }
  }

  async #send(message: SettingsMessage): Promise<unknown> {
    try {
      await this.#receiver.send(message, this.#closing.signal)
      return null
    } catch (error) {
      return error ?? new Error('failed without a reason')
    }
  }

  #giveUp({ fleet, version }: SettingsMessage, tries: number, error: unknown): void {
    const times = tries === 1 ? 'once' : `${tries} times`
    this.#options.onTrouble(
      `PLM-640 tried ${times} to tell the settings of "${fleet}" (version ${version}): ${reasonOf(error)}. ` +
        'The next change is sent anew.',
    )
  }

  /** Twice as long each time, and never quite as long as another daemon that began at the same moment. */
  #pause(failures: number, error: unknown): Promise<void> {
    const asked = error instanceof PluginError ? (error.retryAfterMs ?? 0) : 0
    const usual = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))
    const ms = Math.max(usual * (0.5 + this.#options.random.next() / 2), Math.min(asked, LONGEST_PAUSE_MS))
    const { signal } = this.#closing
    return new Promise(resolve => {
      const cancel = this.#options.clock.after(ms, resolve)
      signal.addEventListener(
        'abort',
        () => {
          cancel()
          resolve()
        },
        { once: true },
      )
    })
  }
}

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof PluginError)) return true
  return error.kind === 'unavailable' || error.kind === 'throttled'
}

/** The newer message, with what changed since the one before the older. */
function joined(older: SettingsMessage | null, newer: SettingsMessage | null): SettingsMessage | null {
  if (older === null || newer === null) return newer ?? older
  const changed = new Map<string, SettingChange>()
  for (const change of [...older.changed, ...newer.changed]) {
    const first = changed.get(change.setting)
    changed.set(change.setting, { ...change, from: first?.from ?? change.from })
  }
  return { ...newer, changed: [...changed.values()].filter(({ from, to }) => from !== to) }
}
