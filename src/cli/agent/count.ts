/**
 * How an agent counts the slots in use on its instance: by a command that prints the number, or by asking the application.
 *
 * Example: `createCount({ http: 'http://127.0.0.1:9000/stats', pointer: '/users/online' }).read(signal)` where `{"users":{"online":5}}` is
 * answered is 5. What is no number throws: the load is unknown then, never zero.
 */
import { runCommand } from '../../plugins/command.ts'
import { Asking } from '../../plugins/routers/http/asking.ts'
import { slotsIn } from '../../plugins/routers/http/slots.ts'

const COUNT_DEADLINE_MS = 10_000

export interface Counted {
  readonly command?: string
  readonly http?: string
  readonly pointer: string
}

export interface Count {
  /** Slots in use; throws when it cannot tell. */
  read(signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

export function createCount({ command, http = '', pointer }: Counted): Count {
  if (command !== undefined) {
    return { read: signal => countByCommand(command, signal), close: async () => undefined }
  }
  const asking = new Asking({}, COUNT_DEADLINE_MS)
  const { origin, pathname, search } = new URL(http)
  return {
    async read(signal) {
      const said = await asking.ask(origin, { method: 'GET', path: `${pathname}${search}` }, signal)
      if (!said.ok) throw new Error(`GET ${origin}${pathname} ${said.saw}`)
      const slots = slotsIn(said.text, pointer)
      if (typeof slots === 'string') throw new Error(`GET ${origin}${pathname} answered, but ${slots}`)
      return slots
    },
    close: () => asking.close(),
  }
}

async function countByCommand(line: string, signal: AbortSignal): Promise<number> {
  const text = (await runCommand(shell(line), { input: null, timeoutMs: COUNT_DEADLINE_MS, signal })).trim()
  const slots = Number(text)
  if (text !== '' && Number.isFinite(slots) && slots >= 0) return slots
  throw new Error(`the command printed "${text.slice(0, 100)}", which is no number of sessions`)
}

export function shell(line: string): string[] {
  return process.platform === 'win32' ? ['cmd', '/d', '/s', '/c', line] : ['sh', '-c', line]
}
