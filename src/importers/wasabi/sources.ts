/**
 * Where the block read an operand, as a source of ours: queues and the diagnostics tables of roles.
 *
 * Example: `queueLength queue="orders"` of the account `shopdata` is `source: azure-queue, account: shopdata, queue: orders, read:
 * messages`; a counter of the role `Shop.Web`, whose diagnostics are in `shopdiag`, is `source: azure-table, account: shopdiag, table:
 * WADPerformanceCountersTable, counter: ..., role: Shop.Web`.
 */
import { yamlText } from '../draft.ts'
import type { Reading } from './reading.ts'
import type { Operand } from './rules-file.ts'
import type { Services } from './services-file.ts'
import { isQueueName, wayKeys } from './storage.ts'

const LONGEST_TEXT = 1000

/** `null`: nobody can tell, and it is posted. */
export function sourceOf(reading: Reading, operand: Operand, services: Services | null): string | null {
  if (services === null) return null
  switch (operand.kind) {
    case 'queueLength':
      return queueSource(operand, services)
    case 'performanceCounter':
      return tableSource(reading, operand, services)
    case 'roleInstanceCount':
    case 'custom':
      return null
  }
}

function queueSource({ source }: Operand, services: Services): string | null {
  const queue = services.queues.get(source)
  const keys = queue === undefined ? null : keysOf(queue.account, services)
  if (queue === undefined || keys === null || !isQueueName(queue.name)) return null
  return `source: azure-queue, ${keys}, queue: ${yamlText(queue.name)}, read: messages`
}

function tableSource(
  reading: Reading,
  { source, counter, alias, place }: Operand,
  services: Services,
): string | null {
  const role = services.roles.get(source)
  const keys = role?.diagnostics == null ? null : keysOf(role.diagnostics, services)
  const isWritable = [counter ?? '', role?.roleName ?? 'a'].every(isExact)
  if (role === undefined || keys === null || counter === null || !isWritable) return null
  const which = role.roleName === null ? 'every role and deployment' : 'every deployment'
  reading.find(
    'ambiguous',
    place,
    `"${alias}": the counters of ${which} that writes to the diagnostics of "${source}" are read; name one (deployment: its id) where several do`,
  )
  const named = role.roleName === null ? '' : `, role: ${yamlText(role.roleName)}`
  return `source: azure-table, ${keys}, table: WADPerformanceCountersTable, counter: ${yamlText(counter)}${named}`
}

function keysOf(account: string, services: Services): string | null {
  const known = services.accounts.get(account)
  return known === undefined ? null : wayKeys(known.way)
}

function isExact(text: string): boolean {
  return text.length >= 1 && text.length <= LONGEST_TEXT
}
