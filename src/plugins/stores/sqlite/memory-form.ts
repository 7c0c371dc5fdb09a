/**
 * Reads memory as earlier versions of the state file wrote it: what a field means that was added since, the empty memory says, and
 * marks said less of an instance.
 *
 * Example: the mark `{ admission: 'closed', sealed: true, ... }` of version 4 is `{ admission: 'closed', seal: 'sealed', ... }`.
 */
import { EMPTY_MEMORY, type Mark, type Memory } from '../../../model/memory.ts'

/** Up to version 4. */
interface FormerMark extends Omit<Mark, 'seal'> {
  readonly seal?: Mark['seal']
  readonly sealed?: boolean
}

export type StoredMemory = Partial<Omit<Memory, 'marks'>> & {
  readonly marks?: Readonly<Record<string, FormerMark>>
}

export function presentMemory(stored: StoredMemory): Memory {
  const marks = Object.entries(stored.marks ?? {}).map(([id, mark]) => [id, presentMark(mark)] as const)
  const orders = (stored.orders ?? []).map(order => ({ ...order, zone: order.zone ?? null }))
  return { ...EMPTY_MEMORY, ...stored, marks: Object.fromEntries(marks), orders }
}

function presentMark({ sealed, ...mark }: FormerMark): Mark {
  return {
    ...mark,
    seal: mark.seal ?? (sealed === true ? 'sealed' : 'none'),
    incarnation: mark.incarnation ?? null,
    health: mark.health ?? null,
    missingSince: mark.missingSince ?? null,
    goneAt: mark.goneAt ?? null,
    zone: mark.zone ?? null,
  }
}
