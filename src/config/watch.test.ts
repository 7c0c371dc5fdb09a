import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoadResult } from './load.ts'
import { type ConfigWatch, type WatchOptions, watchConfig } from './watch.ts'

function config(max: number): string {
  return `plimsoll: 1\nfleets: { web: { capacity: { min: 1, max: ${max} } } }\n`
}

/** What a result says in short: the highest bound, or the codes of the problems. */
function short(result: LoadResult): string {
  if (!result.ok) return result.problems.map(problem => problem.code).join(' ')
  return `max ${result.loaded.spec.fleets.web?.constraints[0]?.max}`
}

let folder: string
let file: string
let watching: ConfigWatch | null = null
let seen: string[]
let notified: (() => void)[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-watch-'))
  file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, config(2))
  seen = []
  notified = []
})
afterEach(() => {
  watching?.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(options: WatchOptions = {}): void {
  watching = watchConfig(
    file,
    result => {
      seen.push(short(result))
      for (const wake of notified.splice(0)) wake()
    },
    { text: config(2), ...options },
  )
}

/** Waits until `expected` was told; the test's own time limit is the deadline. */
async function told(expected: string): Promise<void> {
  while (seen.at(-1) !== expected) await new Promise<void>(resolve => notified.push(resolve))
}

/** Editors that rename are noticed through the folder, everything else at the next look: each test allows one way only. */
const BY_EVENT: WatchOptions = { pollMs: 3_600_000, settleMs: 10 }
const BY_LOOKING: WatchOptions = { pollMs: 20, settleMs: 10 }

describe.each([
  ['told by the operating system', BY_EVENT],
  ['only looking now and then', BY_LOOKING],
])('a watch %s', (_way, options) => {
  it('loads a file that was written in place', async () => {
    start(options)
    writeFileSync(file, config(3))
    await told('max 3')
    expect(seen).toEqual(['max 3'])
  })

  it('follows an editor that writes a new file and renames it, again and again', async () => {
    start(options)
    for (const max of [3, 4, 5]) {
      writeFileSync(join(folder, '.swap'), config(max))
      renameSync(join(folder, '.swap'), file)
      await told(`max ${max}`)
    }
    expect(seen).toEqual(['max 3', 'max 4', 'max 5'])
  })

  it('reports a bad file with its problems, and the good one after it', async () => {
    start(options)
    writeFileSync(file, config(0))
    await told('PLM-134')
    writeFileSync(file, config(2))
    await told('max 2')
  })

  it('reports a file that is gone, and takes it back', async () => {
    start(options)
    unlinkSync(file)
    await told('PLM-100')
    writeFileSync(file, config(2))
    await told('max 2')
    expect(seen).toEqual(['PLM-100', 'max 2'])
  })
})

it('says nothing of a file that was saved without a change', async () => {
  start(BY_LOOKING)
  writeFileSync(file, config(2))
  writeFileSync(file, config(2))
  writeFileSync(file, config(7))
  await told('max 7')
  expect(seen).toEqual(['max 7'])
})

it('notices a change between loading and watching', async () => {
  writeFileSync(file, config(4))
  start(BY_EVENT)
  await told('max 4')
})

it('takes the file as it is when no text is given', async () => {
  watching = watchConfig(file, result => seen.push(short(result)), BY_LOOKING)
  const second = new Promise<void>(resolve => notified.push(resolve))
  const other = watchConfig(file, () => notified.pop()?.(), {
    ...BY_LOOKING,
    text: 'another',
  })
  await second
  other.close()
  expect(seen).toEqual([])
})

it('follows a link to a folder that is swapped, as mounted configurations do it', async () => {
  for (const max of [2, 3]) {
    mkdirSync(join(folder, `v${max}`))
    writeFileSync(join(folder, `v${max}`, 'plimsoll.yaml'), config(max))
  }
  unlinkSync(file)
  symlinkSync('v2', join(folder, 'current'))
  symlinkSync(join('current', 'plimsoll.yaml'), file)
  start(BY_LOOKING)
  symlinkSync('v3', join(folder, 'next'))
  renameSync(join(folder, 'next'), join(folder, 'current'))
  await told('max 3')
})

it('is silent once closed', async () => {
  start(BY_LOOKING)
  watching?.close()
  writeFileSync(file, config(9))
  // Another watch that hears of the change shows that it could have been heard.
  await new Promise<void>(resolve => {
    const other = watchConfig(file, () => resolve(other.close()), { ...BY_LOOKING, text: config(2) })
  })
  expect(seen).toEqual([])
})
