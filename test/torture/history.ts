/**
 * What the journal says when all is over, read with the invariants in hand: revisions grow, time does not go back, a token
 * launched one instance, and what was ready was terminated only when it was sealed.
 *
 * Example: entries 41 and 43 (42 were the outcomes of 41) are in order; web-3 and web-4, both of token `web/42/1`, are a fault.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { JournalEntry } from '../../src/model/journal.ts'
import { openSqliteStore } from '../../src/plugins/stores/sqlite.ts'
import { FLEET, STATE } from './scene.ts'

export interface History {
  readonly ticks: number
  readonly launched: number
  readonly terminated: number
  readonly faults: readonly string[]
}

const PAGE = 200
/** A commit of a tick, and one of its outcomes. */
const REVISIONS_PER_TICK = 2

export async function readHistory(folder: string): Promise<History> {
  const store = await openSqliteStore(path.join(folder, STATE), { readOnly: true })
  const reader = new HistoryReader()
  try {
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
      const entries: readonly JournalEntry[] = await store.readJournal({ fleet: FLEET, limit: PAGE, before })
      for (const entry of entries) reader.take(entry)
      before = entries.at(-1)?.revision ?? null
    }
  } finally {
    await store.close()
  }
  return { ...reader.history(), faults: [...reader.faults, ...planFaults(folder)] }
}

/** From the newest to the oldest. */
class HistoryReader {
  readonly faults: string[] = []
  readonly #instanceByToken = new Map<string, string>()
  readonly #terminated = new Set<string>()
  #ticks = 0
  #later: JournalEntry | null = null

  take(entry: JournalEntry): void {
    this.#ticks += 1
    this.#inOrder(entry, this.#later)
    this.#later = entry
    for (const outcome of entry.outcomes) {
      const action = entry.plan.actions.find(({ id }) => id === outcome.action)
      if (outcome.outcome !== 'done' || action === undefined) continue
      if (action.kind === 'launch' && outcome.instance !== null) this.#launched(action.id, outcome.instance)
      if (action.kind === 'terminate') this.#ended(entry, action.instance)
    }
  }

  history(): Omit<History, 'faults'> {
    return { ticks: this.#ticks, launched: this.#instanceByToken.size, terminated: this.#terminated.size }
  }

  #inOrder({ revision, at }: JournalEntry, later: JournalEntry | null): void {
    if (later === null) return
    const step = later.revision - revision
    if (step < 1 || step > REVISIONS_PER_TICK) {
      this.faults.push(`invariant 9: revision ${later.revision} follows ${revision}`)
    }
    if (later.at < at) this.faults.push(`invariant 13: revision ${later.revision} is before ${revision}`)
  }

  #launched(token: string, instance: string): void {
    const known = this.#instanceByToken.get(token) ?? instance
    this.#instanceByToken.set(token, instance)
    if (known !== instance) this.faults.push(`the token ${token} launched ${known} and ${instance}`)
  }

  #ended({ revision, inventory, memory, plan }: JournalEntry, instance: string): void {
    this.#terminated.add(instance)
    const lifecycle = inventory.instances.find(({ id }) => id === instance)?.lifecycle
    const isSealed =
      memory.marks[instance]?.seal === 'sealed' ||
      plan.actions.some(action => action.kind === 'seal' && action.instance === instance)
    if (lifecycle === 'ready' && !isSealed) {
      this.faults.push(`invariant 2: revision ${revision} terminated ${instance}, which was not sealed`)
    }
  }
}

/** What the daemons themselves found wrong with their plans. */
function planFaults(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => /^daemon-\d+\.log$/.test(name))
    .flatMap(name => readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .filter(line => line.includes('PLM-610'))
}
