import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { incarnationOf, type Life, LivesBook, lifeOf } from './lives.ts'

const folders: string[] = []

function pathOf(name = 'web.lives'): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lives-'))
  folders.push(folder)
  return join(folder, 'state.db.instances', name)
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const life = (n: number, at = 0): Life => ({ life: n, state: 'out', token: null, name: 'web_3', at })

describe('the book of lives', () => {
  it('is empty where nothing was written, and says so', async () => {
    expect(await new LivesBook(pathOf()).read()).toBeNull()
    expect(await new LivesBook(null).read()).toBeNull()
  })

  it('is known to whoever reads it next, also while the writer goes on', async () => {
    const path = pathOf()
    const book = new LivesBook(path)
    await book.change(lives => lives.set('6f1c', life(1)))
    const other = new LivesBook(path)
    expect(await other.read()).toEqual(new Map([['6f1c', life(1)]]))
    await other.change(lives => lives.set('6f1c', life(2)))
    expect(await book.read()).toEqual(new Map([['6f1c', life(2)]]))
  })

  it('takes changes one after the other, and leaves one whole file', async () => {
    const path = pathOf()
    const book = new LivesBook(path)
    const changes = Array.from({ length: 20 }, () =>
      book.change(lives => lives.set('6f1c', life((lives.get('6f1c')?.life ?? 0) + 1))),
    )
    await Promise.all(changes)
    expect(lifeOf({ vmId: '6f1c' }, await book.read()).life).toBe(20)
    expect(readdirSync(join(path, '..'))).toEqual(['web.lives'])
  })

  it('goes on after a change that failed', async () => {
    const book = new LivesBook(pathOf())
    const failing = book.change(() => {
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow('no')
    await book.change(lives => lives.set('6f1c', life(1)))
    expect((await book.read())?.size).toBe(1)
  })

  it('holds 2000 VMs, those that changed last', async () => {
    const path = pathOf()
    await new LivesBook(path).change(lives => {
      for (let n = 0; n < 2_100; n += 1) lives.set(`vm-${n}`, life(1, n))
    })
    const lives = await new LivesBook(path).read()
    expect([lives?.size, lives?.has('vm-99'), lives?.has('vm-100')]).toEqual([2_000, false, true])
  })

  it.each([
    ['half a file', '{"version":1,"vms":{'],
    ['another version', '{"version":2,"vms":{}}'],
    ['another form', '{"version":1,"vms":{"6f1c":{"life":-1}}}'],
    ['nothing', ''],
  ])('is refused when it is %s, and left as it is', async (_, text) => {
    const path = pathOf()
    const book = new LivesBook(path)
    await book.change(lives => lives.set('6f1c', life(1)))
    writeFileSync(path, text)
    await expect(book.read()).rejects.toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining('PLM-771'),
    })
    await expect(book.change(lives => lives.clear())).rejects.toThrow('PLM-771')
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is refused where it cannot be written', async () => {
    const path = pathOf()
    await new LivesBook(path).change(lives => lives.set('6f1c', life(1)))
    await expect(new LivesBook(join(path, 'web.lives')).change(() => {})).rejects.toThrow(/PLM-771 could not/)
  })
})

it('tells the lives of a VM apart, and the first by its id alone', () => {
  expect([0, 1, 12].map(n => incarnationOf({ vmId: '6f1c' }, life(n)))).toEqual(['6f1c', '6f1c.1', '6f1c.12'])
  expect(incarnationOf({ vmId: null }, life(1))).toBeNull()
  expect(lifeOf({ vmId: null }, new Map([['', life(3)]])).life).toBe(0)
})
