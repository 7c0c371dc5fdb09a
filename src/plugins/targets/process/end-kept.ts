/**
 * Ends the kept instances that are written down in a folder, when no daemon has them.
 *
 * Example: two of fleet "rooms" are there and no daemon runs: answers `[{ fleet: 'rooms', instance: 'rooms-g2pc0x7-1', ended: true },
 * ...]` when nothing is left of either. With a daemon that goes on, nothing is ended: it would launch others.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../../ports/clock.ts'
import { adoptKeptChild, type KeptChild } from './kept-child.ts'
import { keptFiles, readKept } from './kept-folder.ts'
import type { KeptRecord } from './kept-record.ts'

export interface KeptEnd {
  readonly fleet: string
  readonly instance: string
  /** `false`: a daemon has it, so it was left alone. */
  readonly ended: boolean
}

/** A daemon that has just ended may still be thought to be there. */
const LOOKS = 5
const LOOK_AGAIN_MS = 200

/** Answers when nothing of them is left. Throws `PluginError` when the folder cannot be read. */
export async function endKept(folder: string, clock: Clock): Promise<readonly KeptEnd[]> {
  for (let look = 1; ; look += 1) {
    const found = await meet(folder, clock)
    if (found.every(({ child }) => child.others() === 0)) return Promise.all(found.map(end))
    const left = found.map(leave)
    if (look === LOOKS) return left
    await pause(LOOK_AGAIN_MS)
  }
}

async function meet(folder: string, clock: Clock): Promise<Met[]> {
  const found = keptFiles(folder).flatMap(path => {
    const record = readKept(path)
    return record === null ? [] : [{ record, child: adoptKeptChild(path, record, clock, () => undefined) }]
  })
  await Promise.all(found.map(({ child }) => child.met))
  return found
}

interface Met {
  readonly record: KeptRecord
  readonly child: KeptChild
}

async function end({ record: { fleet, instance }, child }: Met): Promise<KeptEnd> {
  child.terminate()
  await child.gone
  return { fleet, instance, ended: true }
}

function leave({ record: { fleet, instance }, child }: Met): KeptEnd {
  child.letGo()
  return { fleet, instance, ended: false }
}
