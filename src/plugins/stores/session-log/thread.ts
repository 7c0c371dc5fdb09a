/**
 * The thread that has the file of sessions open and waits for its disk, so that the daemon does not.
 *
 * Example: a disk takes 80 ms for one sync: the placements of these 80 ms wait; ticks, the proxy and the API do not.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { PluginError } from '../../../ports/plugin.ts'
import type { OpenedLog } from '../../../ports/session-log.ts'
import { openSessionFile, type SessionFile } from './file.ts'
import type { ThreadAnswer, ThreadOrder, ThreadStart } from './messages.ts'

/** The answer to the opening itself. */
const OPENED = 0

const file = opened(workerData)
parentPort?.on('message', (order: ThreadOrder) => {
  if (file !== null) obey(file, order)
})

function opened(start: ThreadStart): SessionFile | null {
  let file: SessionFile | null = null
  answer(OPENED, () => {
    file = openSessionFile(start)
    return null
  })
  if (file === null) parentPort?.close()
  return file
}

function obey(file: SessionFile, order: ThreadOrder): void {
  answer(order.id, () => {
    if (order.do === 'close') {
      file.close()
      return null
    }
    file.requireInPlace()
    switch (order.do) {
      case 'open':
        return file.tables.open(order.fleet, order.holder, order.succeeds)
      case 'append':
        file.tables.append(order.fleet, order.epoch, order.count, order.records)
        return null
      case 'confirm':
        file.tables.confirm(order.fleet, order.epoch)
        return null
      case 'check':
        return file.tables.count()
    }
  })
  if (order.do === 'close') parentPort?.close()
}

function answer(id: number, work: () => OpenedLog | number | null): void {
  try {
    say({ id, ok: true, value: work() })
  } catch (error) {
    const expected = error instanceof PluginError ? error : null
    const message = error instanceof Error ? error.message : String(error)
    const retryAfterMs = expected?.retryAfterMs ?? null
    say({ id, ok: false, kind: expected?.kind ?? null, message, retryAfterMs })
  }
}

function say(message: ThreadAnswer): void {
  parentPort?.postMessage(message)
}
