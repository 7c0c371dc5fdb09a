/**
 * What the torture is played with: a folder with one state file and two configurations of the same fleet, which differ only
 * in where their API listens. Rooms of the quickstart, four people each, as processes that are kept across daemons, or as the VMs of a
 * scale set.
 *
 * Example: `await createScene()` answers `{ folder: '/tmp/plimsoll-torture-x', files: ['first.yaml', 'second.yaml'], urls: [...] }`.
 */
import { cpSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort, QUICKSTART } from '../builders/real.ts'
import type { TortureLog } from './log.ts'
import { TorturedScaleSet } from './scale-set.ts'

export const FLEET = 'rooms'
export const STATE = 'state.db'
/** Shorter than many troubles last, and renewed much more often. */
export const LEASE_MS = 10_000
export const SLOTS = 4
export const MOST_ROOMS = 6

export interface Scene {
  readonly folder: string
  readonly files: readonly string[]
  readonly urls: readonly string[]
  /** `null`: rooms are processes of the daemon's own. */
  readonly scaleSet: TorturedScaleSet | null
}

export const CLOUDS = ['processes', 'scale-set'] as const
export type CloudName = (typeof CLOUDS)[number]

export async function createScene(cloud: CloudName, log: TortureLog): Promise<Scene> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plimsoll-torture-')))
  cpSync(path.join(QUICKSTART, 'rooms.mjs'), path.join(folder, 'rooms.mjs'))
  const scaleSet = cloud === 'processes' ? null : await TorturedScaleSet.start(folder, log)
  const files = ['first.yaml', 'second.yaml']
  const urls: string[] = []
  for (const file of files) {
    const port = await freePort()
    urls.push(`http://127.0.0.1:${port}`)
    writeFileSync(path.join(folder, file), configuration(port, scaleSet?.target ?? PROCESSES))
  }
  return { folder, files, urls, scaleSet }
}

const PROCESSES = `
      type: process
      command: [node, rooms.mjs]
      keep: true
      zones: [a, b]
      health: { path: /health, every: 500ms, timeout: 2s, failures: 6 }
      stopGrace: 5s`

function configuration(port: number, target: string): string {
  return `plimsoll: 1
api: { listen: "127.0.0.1:${port}" }
state: { path: ${STATE} }
fleets:
  ${FLEET}:
    target:${target}
    router: { type: broker }
    sessions:
      slotsPerInstance: ${SLOTS}
      reserve: 25%
      lease: ${LEASE_MS / 1000}s
      drain: { deadline: 10m, then: keep }
      waiting: { most: 100, longest: 10s }
    capacity: { min: 1, max: ${MOST_ROOMS} }
    cooldown: { out: 0s, in: 1s }
    stabilization: { out: 0s, in: 1s }
    every: 500ms
    bootTimeout: 30s
    repair: { freeze: 20s }
`
}
