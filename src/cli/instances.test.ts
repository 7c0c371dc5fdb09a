/** Single instances by hand, against a real daemon: listed, drained, protected, and given back. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Captured, openScene } from '../../test/builders/cli.ts'
import { openRooms, type Rooms, type RoomsOptions } from '../../test/builders/rooms.ts'
import { until } from '../../test/builders/until.ts'

let ends: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

type Run = (line: string) => Promise<Captured>

async function open(options?: RoomsOptions): Promise<{ rooms: Rooms; run: Run }> {
  const rooms = await openRooms(options)
  ends.push(() => rooms.end())
  const scene = openScene()
  ends.push(() => scene.end())
  const run: Run = line => scene.run([...line.split(' '), '--url', rooms.url], { now: () => Date.now() })
  return { rooms, run }
}

describe('instances', () => {
  it('are listed one by one, with what was asked of them', async () => {
    const { rooms, run } = await open()
    const { body } = await rooms.post('sessions', { sessionId: 'a', slots: 2 })
    await run(`protect ${body.instance} --for 2h`)
    await rooms.until(({ inventory }) => inventory.instances.some(({ order }) => order === 'keep'))
    const { out, code } = await run('instances web')
    expect(code).toBe(0)
    expect(out).toMatch(/^INSTANCE +ZONE +STATE +ADMISSION +HEALTH +LOAD +AGE +ADDRESS$/m)
    expect(out).toMatch(
      new RegExp(
        `^${body.instance} +- +ready +open +\\w+ +2 +\\S.* +${body.address}\n {2}kept, as asked by hand$`,
        'm',
      ),
    )
    const json = JSON.parse((await run('instances web --json')).out)
    expect(json).toMatchObject({ fleet: 'web', orders: [] })
    expect(json.instances.find(({ id }: { id: string }) => id === body.instance)).toMatchObject({
      order: 'keep',
      load: { kind: 'known', slots: 2 },
      waiting: [],
    })
  })

  it('of a fleet that is not there are not listed', async () => {
    const { run } = await open()
    expect(await run('instances wep')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-507') })
  })
})

describe('drain', () => {
  it('lets one instance go when its last session is over, and another takes its place', async () => {
    const { rooms, run } = await open()
    const { body } = await rooms.post('sessions', { sessionId: 'a' })
    const { instance } = body
    expect((await run(`drain ${instance} --who ada --why kernel`)).out).toBe(
      `web: instance ${instance} is drained, until it is cleared\n`,
    )
    await rooms.until(({ inventory }) =>
      inventory.instances.some(({ id, admission }) => id === instance && admission === 'closed'),
    )
    await rooms.untilOpen(2)
    expect(rooms.fleet.ids()).toContain(instance)
    expect((await run('instances web')).out).toMatch(/drained, as asked by hand/)
    expect((await rooms.get('sessions/a')).body).toMatchObject({ instance, ended: null })
    expect((await run('acts web')).out).toMatch(
      new RegExp(`ada set: instance ${instance} is drained.*\\(kernel\\)`),
    )
    await rooms.delete('sessions/a')
    await until('it is gone', () => {
      rooms.daemon.wake('web')
      return !rooms.fleet.ids().includes(instance)
    })
    await until('nothing is asked of it any more', async () => {
      rooms.daemon.wake('web')
      return (await rooms.get('overrides')).body.overrides.length === 0
    })
    expect((await run('acts web')).out).toMatch(/^\S.* plimsoll ended: .*\(its instance is gone\)$/m)
  })

  it('does not mean another instance that gets the id', async () => {
    const { rooms, run } = await open()
    rooms.fleet.reuse('web-1', 'first')
    await rooms.until(({ inventory }) =>
      inventory.instances.some(({ incarnation }) => incarnation === 'first'),
    )
    await rooms.untilOpen(2)
    const placed = await rooms.post('sessions', { sessionId: 'a' })
    await run('protect web-1')
    expect((await rooms.get('overrides')).body.overrides).toMatchObject([
      { change: { incarnation: 'first' } },
    ])
    rooms.fleet.reuse('web-1', 'second')
    const seen = await rooms.until(({ inventory }) =>
      inventory.instances.some(({ incarnation }) => incarnation === 'second'),
    )
    expect(seen.inventory.instances.map(({ order }) => order)).toEqual([null, null])
    await until('it has ended', async () => {
      rooms.daemon.wake('web')
      return (await rooms.get('overrides')).body.overrides.length === 0
    })
    expect(placed.status).toBe(201)
  })

  it('is undone', async () => {
    const { rooms, run } = await open()
    await rooms.post('sessions', { sessionId: 'a' })
    const { body } = await rooms.get('sessions/a')
    await run(`drain ${body.instance} --fleet web`)
    expect((await run(`drain ${body.instance} --undo`)).out).toBe(
      `web: ${body.instance} is like any other again\n`,
    )
    expect((await run(`drain ${body.instance} --undo`)).out).toBe(
      `web: ${body.instance} is like any other; nothing was asked of it\n`,
    )
    expect((await run('overrides web')).out).toBe('web is as configured\n')
  })

  it('refuses one that is not there, with the nearest name', async () => {
    const { rooms, run } = await open()
    const missing = await run('drain wep-1')
    expect(missing).toMatchObject({ code: 2, out: '' })
    expect(missing.err).toMatch(/PLM-507: No fleet has an instance "wep-1"\. Did you mean "web-1"\?/)
    const refused = await run('drain wep-1 --fleet web')
    expect(refused.err).toMatch(/PLM-482: .*"wep-1".* Did you mean "web-1"\? Instances: web-1, web-2\./)
    const change = { kind: 'instance', instance: 'web-9', order: 'keep' }
    expect(await rooms.post('overrides', { change, who: 'ada' })).toMatchObject({
      status: 404,
      body: { error: { code: 'PLM-482' } },
    })
  })
})

describe('protect', () => {
  it('keeps the instance that would have gone', async () => {
    const { rooms, run } = await open({ min: 1 })
    await run('set-capacity web 2')
    await rooms.untilOpen(2)
    const [first = '', second = ''] = rooms.fleet.ids()
    await run(`protect ${first} --for 2h`)
    await run('set-capacity web 1')
    await until(`${second} is gone`, () => {
      rooms.daemon.wake('web')
      return rooms.fleet.ids().join() === first
    })
    expect((await run(`protect ${first} --undo`)).out).toBe(`web: ${first} is like any other again\n`)
  })
})

describe('unfreeze', () => {
  it('has an end, and is taken back', async () => {
    const { rooms, run } = await open()
    expect((await run('unfreeze web')).out).toMatch(/^web: the freeze is lifted, until .*\d\d:\d\d:\d\d\n$/)
    const [override] = (await rooms.get('overrides')).body.overrides
    expect(override).toMatchObject({ change: { kind: 'unfreeze' } })
    expect(Date.parse(override.until) - Date.parse(override.at)).toBe(1_800_000)
    expect((await run('unfreeze web --undo')).out).toBe('web may freeze again\n')
    expect((await run('overrides web')).out).toBe('web is as configured\n')
  })
})
