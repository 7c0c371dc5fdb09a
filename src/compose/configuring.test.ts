/** Going back: which version is meant by none, by the beginning of a digest, and by one that several begin with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Loaded, parseConfig } from '../config/load.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { createConfiguring } from './configuring.ts'

const ADA = { who: 'ada', why: 'a test' }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-versions-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const textOf = (max: number) =>
  `plimsoll: 1\nfleets: { web: { target: { type: process, command: [a] }, capacity: { min: 1, max: ${max} } } }\n`

function parse(text: string) {
  return parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
}

function loadedFrom(text: string): Loaded {
  const result = parse(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded
}

/** A daemon whose configuration was changed to each of these in turn, a second apart. */
async function changedTo(...most: readonly number[]) {
  const file = path.join(folder, 'plimsoll.yaml')
  const store = createMemoryStore()
  let now = 1_000
  let inForce = loadedFrom(textOf(most[0] ?? 1))
  writeFileSync(file, textOf(most[0] ?? 1))
  const configuring = createConfiguring({
    clock: { now: () => now, after: () => () => {} },
    store,
    file: { path: file, parse },
    loaded: () => inForce,
    async putInForce(loaded) {
      inForce = loaded
      now += 1_000
      await store.saveSpec(loaded.spec.digest, loaded.text, now)
    },
    emit: () => {},
  })
  await store.saveSpec(inForce.spec.digest, inForce.text, now)
  for (const max of most.slice(1)) await configuring.apply(textOf(max), ADA, true)
  const digestOf = (max: number) => loadedFrom(textOf(max)).spec.digest
  return { configuring, store, digestOf, text: () => readFileSync(file, 'utf8') }
}

describe('going back', () => {
  it('without a version is to the one that was in force before this one, and again is back', async () => {
    const { configuring, digestOf, text } = await changedTo(5, 6, 7)
    expect(await configuring.rollBack(null, ADA, true)).toMatchObject({
      outcome: 'applied',
      digest: digestOf(6),
      from: digestOf(7),
    })
    expect(text()).toBe(textOf(6))
    expect(await configuring.rollBack(null, ADA, true)).toMatchObject({
      outcome: 'applied',
      digest: digestOf(7),
    })
    expect(text()).toBe(textOf(7))
  })

  it('takes the beginning of a digest', async () => {
    const { configuring, digestOf, text } = await changedTo(5, 6, 7)
    expect(await configuring.rollBack(digestOf(5).slice(0, 4), ADA, true)).toMatchObject({
      digest: digestOf(5),
    })
    expect(text()).toBe(textOf(5))
    expect(await configuring.rollBack(digestOf(5), ADA, true)).toMatchObject({ outcome: 'unchanged' })
  })

  it('refuses a beginning that several have, one that none has, and where there is none to go back to', async () => {
    const { configuring, store, text } = await changedTo(5)
    expect(await configuring.rollBack(null, ADA, true)).toMatchObject({ outcome: 'no-such-version' })
    await store.saveSpec('beef01', textOf(8), 500)
    await store.saveSpec('beef02', textOf(9), 600)
    expect(await configuring.rollBack('beef', ADA, true)).toMatchObject({
      outcome: 'no-such-version',
      known: [expect.anything(), { digest: 'beef02' }, { digest: 'beef01' }],
    })
    expect(await configuring.rollBack('0000000', ADA, true)).toMatchObject({ outcome: 'no-such-version' })
    expect(text()).toBe(textOf(5))
    expect(await configuring.rollBack('beef01', ADA, true)).toMatchObject({ outcome: 'applied' })
    expect(text()).toBe(textOf(8))
  })
})
