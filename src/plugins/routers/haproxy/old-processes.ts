/**
 * What old HAProxy processes still hold: after a reload they serve the connections they had until those end, and the new
 * process knows nothing of them. An instance is empty only when they hold nothing there either.
 *
 * Example: `show proc` of the master names worker 900 and old worker 700; `@!700 show stat rooms 4 -1` says that
 * `rooms:web-3` has 2 connections there.
 */
import { type Ask, converse, type Place } from './conversation.ts'
import { notUnderstood } from './faults.ts'
import { readServing, type Serving } from './serving.ts'

export interface Processes {
  readonly workers: readonly number[]
  readonly old: readonly number[]
}

/** More than this at once means that something else is wrong. */
const MOST_OLD = 50

/** `null`: this is no answer to `show proc`. */
export function readProcesses(text: string): Processes | null {
  if (!text.startsWith('#<PID>')) return null
  const lists: Record<string, number[]> = {}
  let section = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) section = line.slice(2).trim()
    const pid = /^(\d+)\s/.exec(line)?.[1]
    if (pid === undefined) continue
    const list = lists[section] ?? []
    lists[section] = list
    list.push(Number(pid))
  }
  return { workers: lists.workers ?? [], old: lists['old workers'] ?? [] }
}

/**
 * What each old process serves. `pid` is the process that was asked for everything else; when it is no longer the
 * present one, nothing is known.
 *
 * @returns a text when it cannot be told, with the reason
 */
export async function readOldProcesses(
  master: Place,
  backend: string,
  pid: number,
  signal: AbortSignal,
): Promise<readonly Serving[] | string> {
  return converse(master, signal, async ask => {
    const processes = await askProcesses(ask, master)
    if (!processes.workers.includes(pid)) return 'HAProxy was reloaded while it was asked'
    if (processes.old.length > MOST_OLD)
      return `${processes.old.length} old processes of HAProxy are still there`
    const answers = await ask(processes.old.map(old => `@!${old} show stat ${backend} 4 -1`))
    const servings = answers.map(answer => (isGone(answer) ? new Map() : readServing(answer)))
    const after = await askProcesses(ask, master)
    if (!after.workers.includes(pid)) return 'HAProxy was reloaded while it was asked'
    const read = processes.old.map((old, i) => (after.old.includes(old) ? (servings[i] ?? null) : new Map()))
    const silent = processes.old.find((_, i) => read[i] === null)
    if (silent !== undefined) return `the old process ${silent} of HAProxy did not say what it still holds`
    return read.filter(serving => serving !== null)
  })
}

async function askProcesses(ask: Ask, master: Place): Promise<Processes> {
  const [text = ''] = await ask(['show proc'])
  const processes = readProcesses(text)
  if (processes === null) throw notUnderstood(master.socket, 'show proc', `"${text.slice(0, 200)}"`)
  return processes
}

function isGone(answer: string): boolean {
  return answer.includes("Can't find the target PID")
}
