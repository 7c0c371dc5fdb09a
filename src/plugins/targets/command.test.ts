import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PluginError } from '../../ports/plugin.ts'
import { targetAcceptance, victims } from '../../ports/target.acceptance.ts'
import type { Target } from '../../ports/target.ts'
import { type CommandTargetOptions, createCommandTarget } from './command.ts'

const NODE = process.execPath

/**
 * A small provider: its inventory is a JSON file, its commands are this script. An instance boots until it was listed
 * once; a terminated one is listed as terminating once more. Tokens are kept with the instances.
 */
const FLEET = `
import { readFileSync, writeFileSync } from 'node:fs'
const [, , file, what] = process.argv
const inventory = JSON.parse(readFileSync(file, 'utf8'))
const { orders = [], instances = [] } = what === 'list' ? {} : JSON.parse(readFileSync(0, 'utf8'))
const answers = {
  list() {
    const listed = inventory.instances.map(instance => ({ ...instance }))
    inventory.instances = inventory.instances.filter(instance => instance.lifecycle !== 'terminating')
    for (const instance of inventory.instances) if (instance.lifecycle === 'booting') instance.lifecycle = 'ready'
    return listed
  },
  launch() {
    return orders.map(({ token, zone }) => {
      const known = inventory.instances.find(instance => instance.token === token)
      if (known !== undefined) return { token, instance: known.id }
      inventory.launched += 1
      const id = 'vm-' + inventory.launched
      inventory.instances.push({ id, lifecycle: 'booting', health: 'healthy', zone, token, launchedAt: '2026-11-21T12:00:00Z' })
      return { token, instance: id }
    })
  },
  terminate() {
    return instances.map(id => {
      const instance = inventory.instances.find(instance => instance.id === id)
      if (instance === undefined) return { instance: id, error: 'no such instance', kind: 'not-found' }
      instance.lifecycle = 'terminating'
      return { instance: id, state: 'terminating' }
    })
  },
}
console.log(JSON.stringify(answers[what]()))
writeFileSync(file, JSON.stringify(inventory))
`

function createFleet() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-fleet-'))
  const inventory = join(folder, 'inventory.json')
  const script = join(folder, 'fleet.mjs')
  writeFileSync(inventory, JSON.stringify({ launched: 0, instances: [] }))
  writeFileSync(script, FLEET)
  const command = (what: string) => [NODE, script, inventory, what]
  return {
    options: {
      list: command('list'),
      launch: command('launch'),
      terminate: command('terminate'),
      restart: null,
      zones: [],
      listingLagMs: 0,
      timeoutMs: 20_000,
      exclusive: false,
      cwd: null,
    },
    cleanUp: async () => rmSync(folder, { recursive: true }),
  }
}

targetAcceptance('the command target', async () => {
  const { options, cleanUp } = createFleet()
  const target = createCommandTarget(options, { fleet: 'web' })
  return {
    target,
    async settle(predicate) {
      for (let tries = 0; tries < 20; tries++) {
        if (predicate(await target.listInstances(AbortSignal.timeout(20_000)))) return
      }
      throw new Error('the list never said so')
    },
    async cleanUp() {
      await target.close()
      await cleanUp()
    },
  }
})

describe('a fleet behind commands', () => {
  const signal = AbortSignal.timeout(120_000)
  let folder: string
  let targets: Target[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-command-target-'))
    targets = []
  })
  afterEach(async () => {
    for (const target of targets) await target.close()
    rmSync(folder, { recursive: true })
  })

  /** Each command prints what is given and keeps its input in a file of its name. */
  function printing(
    printed: { list?: unknown; launch?: unknown; terminate?: unknown; restart?: unknown },
    more: Partial<CommandTargetOptions> = {},
  ): Target {
    const command = (what: 'list' | 'launch' | 'terminate' | 'restart') => {
      const answer = printed[what]
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer ?? [])
      return [
        'sh',
        '-c',
        'cat >> "$1"; echo "$PLIMSOLL_FLEET" > "$1.fleet"; printf %s "$2"',
        'sh',
        join(folder, what),
        text,
      ]
    }
    return create({
      list: command('list'),
      launch: command('launch'),
      terminate: command('terminate'),
      restart: printed.restart === undefined ? null : command('restart'),
      ...more,
    })
  }

  function create(options: Partial<CommandTargetOptions>): Target {
    const all = {
      list: ['false'],
      launch: ['false'],
      terminate: ['false'],
      restart: null,
      zones: [],
      listingLagMs: 0,
      timeoutMs: 20_000,
      exclusive: true,
      cwd: null,
      ...options,
    }
    const target = createCommandTarget(all, { fleet: 'web' })
    targets.push(target)
    return target
  }

  const order = (token: string) => ({ token, zone: null })
  const given = (what: string): unknown => JSON.parse(readFileSync(join(folder, what), 'utf8'))

  it('restarts where there is a command for it, and says so', async () => {
    const target = printing({ restart: [{ instance: 'a', state: 'terminating' }] })
    expect(target.capabilities.restarts).toBe(true)
    expect(await target.restart?.(victims('a'), signal)).toEqual([
      { instance: 'a', ok: true, state: 'terminating' },
    ])
    expect(given('restart')).toEqual({ instances: ['a'] })
    const other = printing({})
    expect(other.capabilities.restarts).toBe(false)
    expect(other.restart).toBeUndefined()
  })

  it('tells which of those that had an id is meant', async () => {
    const target = printing({
      terminate: [
        { instance: 'a', state: 'gone' },
        { instance: 'b', state: 'gone' },
      ],
    })
    await target.terminate([{ id: 'a', incarnation: 'vm-2' }, ...victims('b')], signal)
    expect(given('terminate')).toEqual({ instances: ['a', 'b'], incarnations: { a: 'vm-2' } })
  })

  it('has the zones and the lag it was given', () => {
    const { capabilities } = printing({}, { zones: ['a', 'b'], listingLagMs: 20_000 })
    expect(capabilities).toMatchObject({ zones: ['a', 'b'], listingLagMs: 20_000 })
  })

  it('is listed in full, with what the command leaves out filled in', async () => {
    const target = printing({
      list: [
        { id: 'a' },
        {
          id: 'b',
          lifecycle: 'lost',
          health: 'unhealthy',
          zone: 'z1',
          address: 'http://10.0.0.2:80',
          launchedAt: '2026-11-21T13:00:00.5+01:00',
          token: 'web/1/1',
          detail: 'host failed',
          incarnation: 'vm-b',
          access: [{ name: 'ssh', address: '203.0.113.7:50003' }],
        },
      ],
    })
    expect(await target.listInstances(signal)).toEqual([
      {
        id: 'a',
        lifecycle: 'ready',
        health: 'unknown',
        zone: null,
        address: null,
        launchedAt: null,
        token: null,
        detail: null,
        incarnation: null,
        access: [],
      },
      {
        id: 'b',
        lifecycle: 'lost',
        health: 'unhealthy',
        zone: 'z1',
        address: 'http://10.0.0.2:80',
        launchedAt: Date.UTC(2026, 10, 21, 12) + 500,
        token: 'web/1/1',
        detail: 'host failed',
        incarnation: 'vm-b',
        access: [{ name: 'ssh', address: '203.0.113.7:50003' }],
      },
    ])
    expect(await target.check(signal)).toEqual({
      ok: true,
      detail: expect.stringMatching(/ lists 2 instances$/),
    })
    expect(readFileSync(join(folder, 'list.fleet'), 'utf8')).toBe('web\n')
  })

  it.each<[string, unknown, RegExp]>([
    [
      'nothing',
      '',
      /^PLM-356 .* printed nothing, which is not JSON. Expected is something like \[\{"id": "web-1"/,
    ],
    ['text', 'no instances\n', /printed "no instances", which is not JSON/],
    ['no list', { instances: [] }, /in which the whole: Invalid input: expected array/],
    ['an instance without an id', [{ lifecycle: 'ready' }], /in which \[0\]\.id: Invalid input/],
    ['an empty id', [{ id: '' }], /\[0\]\.id: Too small/],
    [
      'a lifecycle that is none',
      [{ id: 'a', lifecycle: 'running' }],
      /\[0\]\.lifecycle: Invalid option: expected one of "booting"/,
    ],
    ['a key that is none', [{ id: 'a', lifecyle: 'ready' }], /\[0\]: Unrecognized key: "lifecyle"/],
    [
      'a time that is none',
      [{ id: 'a', launchedAt: 'yesterday' }],
      /\[0\]\.launchedAt: Invalid ISO datetime/,
    ],
    [
      'an instance twice',
      [{ id: 'a' }, { id: 'a' }],
      /^PLM-358 .* listed the instance "a" twice, so the list is not used/,
    ],
  ])('is not listed at all when the command prints %s', async (_what, list, said) => {
    const target = printing({ list })
    const listing = target.listInstances(signal)
    await expect(listing).rejects.toMatchObject({ name: 'PluginError', kind: 'misconfigured' })
    await expect(listing).rejects.toThrow(said)
    expect(await target.check(signal)).toEqual({ ok: false, detail: expect.stringMatching(said) })
  })

  it('quotes only so much of what was printed', async () => {
    const listing = printing({ list: 'x'.repeat(100_000) }).listInstances(signal)
    const message = await listing.catch((error: unknown) => String(error))
    expect(message.length).toBeLessThan(1_200)
  })

  it('is given every order in one call, and answers each', async () => {
    const target = printing({
      launch: [
        { token: 'web/1/2', error: 'quota reached', kind: 'throttled' },
        { token: 'web/1/1', instance: 'vm-1' },
        { token: 'unasked', instance: 'vm-9' },
        { token: 'web/1/4', error: 'who knows' },
      ],
    })
    const orders = ['web/1/1', 'web/1/2', 'web/1/3', 'web/1/4'].map(order)
    expect(await target.launch(orders, signal)).toEqual([
      { token: 'web/1/1', ok: true, instance: 'vm-1' },
      { token: 'web/1/2', ok: false, kind: 'throttled', error: 'quota reached' },
      {
        token: 'web/1/3',
        ok: false,
        kind: 'unavailable',
        error: expect.stringMatching(
          /^PLM-357 .* gave no answer for the order web\/1\/3; whether it was done is not known/,
        ),
      },
      { token: 'web/1/4', ok: false, kind: 'unavailable', error: 'who knows' },
    ])
    expect(given('launch')).toEqual({ orders })
  })

  it('never gives the command a token that it has launched or listed', async () => {
    const target = printing({
      list: [{ id: 'vm-5', token: 'web/1/5' }],
      launch: [{ token: 'web/1/1', instance: 'vm-1' }],
    })
    await target.listInstances(signal)
    const orders = [order('web/1/1'), order('web/1/5'), order('web/1/1')]
    const results = [
      { token: 'web/1/1', ok: true, instance: 'vm-1' },
      { token: 'web/1/5', ok: true, instance: 'vm-5' },
      { token: 'web/1/1', ok: true, instance: 'vm-1' },
    ]
    expect(await target.launch(orders, signal)).toEqual(results)
    expect(given('launch')).toEqual({ orders: [order('web/1/1')] })
    rmSync(join(folder, 'launch'))
    expect(await target.launch(orders, signal)).toEqual(results)
    expect(() => given('launch')).toThrow('ENOENT')
  })

  it('is told apart what was tried and failed from what was not tried', async () => {
    const failing = create({
      launch: ['sh', '-c', 'echo out of stock >&2; exit 75'],
      terminate: ['sh', '-c', 'exit 77'],
    })
    expect(await failing.launch([order('a'), order('b')], signal)).toMatchObject([
      {
        token: 'a',
        ok: false,
        kind: 'throttled',
        error: expect.stringMatching(/^PLM-352 .*It printed: "out of stock"$/),
      },
      { token: 'b', ok: false, kind: 'throttled' },
    ])
    expect(await failing.terminate(victims('x'), signal)).toMatchObject([
      { instance: 'x', ok: false, kind: 'refused' },
    ])
    const missing = create({ launch: ['./no-such-program'], terminate: ['./no-such-program'] })
    await expect(missing.launch([order('a')], signal)).rejects.toMatchObject({
      name: 'PluginError',
      kind: 'misconfigured',
    })
    await expect(missing.terminate(victims('x'), signal)).rejects.toThrow('PLM-350')
  })

  it('does not wait longer than its time limit', async () => {
    const slow = ['sh', '-c', 'sleep 30']
    const target = create({ list: slow, launch: slow, timeoutMs: 200 })
    await expect(target.listInstances(signal)).rejects.toThrow(/^PLM-353 .* did not end within 200 ms/)
    expect(await target.launch([order('a')], signal)).toMatchObject([{ ok: false, kind: 'unavailable' }])
  })

  it('reads the answers to a termination, in the order asked', async () => {
    const target = printing({
      terminate: [
        { instance: 'c', error: 'locked', kind: 'conflict' },
        { instance: 'b', state: 'gone' },
        { instance: 'a', state: 'terminating' },
        { instance: 'd', error: 'unknown', kind: 'not-found' },
      ],
    })
    expect(await target.terminate(victims('a', 'b', 'c', 'd', 'e', 'a'), signal)).toEqual([
      { instance: 'a', ok: true, state: 'terminating' },
      { instance: 'b', ok: true, state: 'gone' },
      { instance: 'c', ok: false, kind: 'conflict', error: 'locked' },
      { instance: 'd', ok: true, state: 'gone' },
      { instance: 'e', ok: false, kind: 'unavailable', error: expect.stringMatching(/^PLM-357 /) },
      { instance: 'a', ok: true, state: 'terminating' },
    ])
    expect(given('terminate')).toEqual({ instances: ['a', 'b', 'c', 'd', 'e'] })
  })

  it.each<[string, unknown]>([
    ['neither an instance nor an error', [{ token: 'a' }]],
    ['both', [{ token: 'a', instance: 'vm-1', error: 'x' }]],
    ['a kind that is none', [{ token: 'a', error: 'x', kind: 'odd' }]],
    ['no list', { token: 'a', instance: 'vm-1' }],
  ])('does not take an answer to a launch with %s', async (_what, launch) => {
    const [result] = await printing({ launch }).launch([order('a')], signal)
    expect(result).toMatchObject({
      ok: false,
      kind: 'misconfigured',
      error: expect.stringMatching(/^PLM-356 /),
    })
  })

  it('runs nothing when there is nothing to do', async () => {
    const target = create({ launch: ['./no-such-program'], terminate: ['./no-such-program'] })
    expect(await target.launch([], signal)).toEqual([])
    expect(await target.terminate([], signal)).toEqual([])
  })

  it('calls off what runs when it is closed', async () => {
    const target = create({ list: ['sh', '-c', 'sleep 30'] })
    const listing = target.listInstances(signal)
    await target.close()
    await expect(listing).rejects.toBeInstanceOf(PluginError)
    await expect(target.listInstances(signal)).rejects.toThrow('PLM-354')
  })

  it('is exclusive when the operator says so', () => {
    expect(create({ exclusive: true }).capabilities.exclusive).toBe(true)
    expect(create({ exclusive: false }).capabilities.exclusive).toBe(false)
  })
})
