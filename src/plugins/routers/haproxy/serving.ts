/**
 * What each server is serving now (`show stat`): connections in TCP mode, requests in flight in HTTP mode (an open
 * WebSocket is one), and what waits in its own queue.
 *
 * Example: a row `rooms:web-3` with `scur` 3 and `qcur` 1 serves 4.
 */
import { readRows } from './rows.ts'

/** By the server's name. */
export type Serving = ReadonlyMap<string, ServerServing>

export interface ServerServing {
  readonly serving: number
  readonly mode: string
}

/** `null`: this is no such answer. */
export function readServing(text: string): Serving | null {
  const rows = readRows(text, ',')
  if (rows === null) return null
  const serving = new Map<string, ServerServing>()
  for (const { svname, scur, qcur, mode = '' } of rows) {
    if (svname === undefined || !isCount(scur) || !isCount(qcur)) return null
    serving.set(svname, { serving: Number(scur) + Number(qcur), mode })
  }
  return serving
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text)
}
