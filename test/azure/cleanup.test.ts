/** What a template has created is deleted again, in an order in which it can be, whatever becomes of the replies. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type CleanupContext, type CleanupOptions, cleanupCommand } from '../../src/cli/azure-cleanup.ts'
import { CliError } from '../../src/cli/cli-error.ts'
import type { Io } from '../../src/cli/io.ts'
import { parseConfig } from '../../src/config/load.ts'
import { designOf, type Wishes } from '../../src/infrastructure/design.ts'
import { templateOf } from '../../src/infrastructure/template.ts'
import { NO_SESSIONS, type SessionCounts } from '../../src/model/observation.ts'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import { openSqliteStore } from '../../src/plugins/stores/sqlite.ts'
import { openScene } from '../builders/cli.ts'
import { instance, nextEntry, webFleet } from '../builders/journal.ts'
import { inFolder } from '../builders/real.ts'
import { runs } from '../seed.ts'
import { openDoor } from './door.ts'
import type { Fault } from './fake-azure.ts'
import { ANY_CREDENTIAL } from './fake-azure.ts'
import { FakeResources, GROUP, SUBSCRIPTION } from './resources.ts'

const VALUES = {
  image: 'a:b:c:latest',
  sshPublicKey: 'ssh-ed25519 AAAA',
  sshSource: '*',
  principalId: '00000000-0000-4000-8000-00000000000a',
}
/** In which the template's are gone at the end; the names of assignments are not for reading. */
const ORDER = ['web', 'web-lb', 'web-ip', 'web-nsg', 'web-net']

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

function configFor(endpoint: string, rest = ''): string {
  return `plimsoll: 1
state: { path: state.db }
fleets:
  web:
    target: { type: azure-vmss, subscription: ${SUBSCRIPTION}, resourceGroup: ${GROUP}, scaleSet: web, endpoint: "${endpoint}", reach: { loadBalancer: web-lb } }
    capacity: { min: 2, max: 5 }
${rest}`
}

async function cloud(wishes: Wishes = {}): Promise<FakeResources> {
  const text = configFor('https://127.0.0.1')
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const fake = await FakeResources.deployed(templateOf(designOf(result.loaded.spec, wishes)), VALUES)
  ends.push(() => fake.stop())
  return fake
}

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly error: CliError | null
}

async function cleanup(
  fake: FakeResources,
  options: CleanupOptions,
  context: CleanupContext = {},
  rest = '',
): Promise<Ran> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'plimsoll-cleanup-'))
  ends.push(() => rmSync(cwd, { recursive: true, force: true }))
  writeFileSync(path.join(cwd, 'plimsoll.yaml'), configFor(fake.endpoint, rest))
  return cleanupIn(cwd, fake, options, context)
}

async function cleanupIn(
  cwd: string,
  fake: FakeResources,
  options: CleanupOptions,
  context: CleanupContext = {},
): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const io: Io = {
    stdout: { write: text => void out.push(text) },
    stderr: { write: text => void err.push(text) },
    env: {},
    cwd,
    isTerminal: false,
    canAsk: false,
    columns: 100,
    timeZone: 'UTC',
    goOnUnheard: () => undefined,
    now: () => Date.now(),
    readInput: async () => '',
    ask: async () => null,
    async *lines() {},
  }
  const rig: CleanupContext = {
    credential: ANY_CREDENTIAL,
    client: { tlsOptions: { ca: fake.cert } },
    pauseMs: 1,
    longestPauseMs: 4,
    backOffMs: 1,
    timeoutMs: 5_000,
    ...context,
  }
  try {
    const code = await cleanupCommand(path.join(cwd, 'plimsoll.yaml'), options, io, rig)
    return { code, out: out.join(''), err: err.join(''), error: null }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { code: error.exitCode, out: out.join(''), err: err.join(''), error }
  }
}

const GUID = /^[0-9a-f]{8}-/

function goneByName({ gone }: FakeResources): string[] {
  return gone.filter(name => !GUID.test(name))
}

describe('azure cleanup', () => {
  it('prints the order from the file alone, and asks nobody', async () => {
    const scene = openScene()
    ends.push(() => scene.end())
    scene.file('plimsoll.yaml', configFor('https://127.0.0.1:1'))
    const { code, out, err } = await scene.run(['azure', 'cleanup', 'plimsoll.yaml'])
    expect([code, err]).toEqual([0, ''])
    const names = out
      .split('\n')
      .flatMap(line => /^ {2}\d {2}(\w+(?: \w+)?) +([\w-]+)/.exec(line)?.slice(1) ?? [])
    expect(names).toEqual(
      ['role assignment', 'Virtual', 'role assignment', 'Monitoring', 'role assignment', 'Network'].concat(
        ['scale set', 'web', 'load balancer', 'web-lb', 'public address', 'web-ip'],
        ['security group', 'web-nsg', 'network', 'web-net'],
      ),
    )
    expect(out).toContain(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Compute/`,
    )
    expect(out).toContain('Nothing was deleted')
    const asJson = await scene.run(['azure', 'cleanup', 'plimsoll.yaml', '--json'])
    expect(JSON.parse(asJson.out)).toMatchObject({ fleet: 'web', deleted: false, plan: { length: 8 } })
  })

  it.each<Wishes>([{}, { mode: 'Flexible' }, { ssh: false, health: 'none' }, { ownNetwork: false }])(
    'deletes everything that a template with %j has created, and nothing twice',
    async wishes => {
      const fake = await cloud(wishes)
      const { code, out } = await cleanup(fake, { yes: true })
      expect(code).toBe(0)
      expect([...fake.held.keys()]).toEqual([])
      const expected = wishes.ownNetwork === false ? ORDER.slice(0, -1) : ORDER
      expect(goneByName(fake)).toEqual(expected)
      // Who could launch again goes first.
      expect(fake.gone.slice(0, 2).every(name => GUID.test(name))).toBe(true)
      expect(fake.asked.filter(({ method }) => method === 'DELETE')).toHaveLength(expected.length + 2)
      expect(out).toMatch(/Deleted \d of web; \d (was|were) not there\.\n$/)
    },
  )

  it('looks what is there, and deletes nothing of it', async () => {
    const fake = await cloud()
    fake.of('loadBalancers/web-lb').tags = {}
    const { code, out } = await cleanup(fake, { check: true })
    expect(code).toBe(0)
    expect(out).toContain('there     scale set        web, with its instances')
    expect(out).toContain('not there role assignment  Monitoring Reader')
    expect(out).toContain(
      'left      load balancer    web-lb: it is not of web, without the tag plimsoll-fleet: web\n',
    )
    expect(fake.count('DELETE', /./)).toBe(0)
    const asJson = await cleanup(fake, { check: true, json: true })
    expect(JSON.parse(asJson.out).found).toContainEqual(
      expect.objectContaining({ name: 'web-lb', state: 'foreign' }),
    )
  })

  it('deletes nothing of others that has such a name', async () => {
    const fake = await cloud()
    fake.of('virtualNetworks/web-net').tags = { 'plimsoll-fleet': 'shop' }
    fake.of('networkSecurityGroups/web-nsg').tags = {}
    const theirs = fake.add({ type: 'Microsoft.Compute/disks', name: 'web', dependsOn: [], properties: {} })
    const { out } = await cleanup(fake, { yes: true })
    expect([...fake.held.values()].map(({ name }) => name).sort()).toEqual(['web', 'web-net', 'web-nsg'])
    expect(fake.of('disks/web')).toBe(theirs)
    expect(out).toContain('2 left, not of web.')
  })

  it('knows a tag in any spelling, and ids in capitals', async () => {
    const fake = await cloud()
    fake.shouts = true
    for (const held of fake.held.values()) {
      if (held.tags['plimsoll-fleet'] !== undefined) held.tags = { 'Plimsoll-Fleet': 'web' }
    }
    await cleanup(fake, { yes: true })
    expect([...fake.held.keys()]).toEqual([])
  })

  it('is content when all of it is gone already', async () => {
    const fake = await cloud()
    fake.held.clear()
    const { code, out } = await cleanup(fake, { yes: true })
    expect([code, fake.count('DELETE', /./)]).toEqual([0, 0])
    expect(out).toContain('Deleted 0 of web; 8 were not there.')
  })
})

describe('deletions that meet trouble', () => {
  it.each<readonly [string, (fake: FakeResources) => void]>([
    ['a reply that is lost', fake => fake.faults.push({ method: 'DELETE', path: /web-lb$/, what: 'lost' })],
    [
      'a connection that breaks before',
      fake => fake.faults.push({ method: 'DELETE', path: /web-lb$/, what: 'dropped', times: 2 }),
    ],
    [
      'a server that is busy',
      fake =>
        fake.faults.push({
          method: 'DELETE',
          path: /Sets\/web$/,
          what: { status: 503, headers: { 'retry-after': '0' } },
          times: 3,
        }),
    ],
    [
      'a question that goes wrong',
      fake => fake.faults.push({ method: 'GET', path: /operations/, what: { status: 500 }, times: 2 }),
    ],
    [
      'a question that is not answered',
      fake => fake.faults.push({ method: 'GET', path: /operations/, what: 'dropped', times: 5 }),
    ],
    [
      'being asked to wait',
      fake =>
        fake.faults.push({
          method: 'DELETE',
          path: /web-ip$/,
          what: { status: 429, headers: { 'retry-after': '0' } },
        }),
    ],
    [
      'another operation that is under way',
      fake =>
        fake.faults.push({
          method: 'DELETE',
          path: /web-nsg$/,
          what: { status: 409, code: 'AnotherOperationInProgress' },
          times: 2,
        }),
    ],
    [
      'something that still uses it',
      fake =>
        fake.faults.push({
          method: 'DELETE',
          path: /web-net$/,
          what: { status: 400, code: 'InUseSubnetCannotBeDeleted' },
          times: 2,
        }),
    ],
    [
      'somebody else who deletes it first',
      fake => {
        fake.faults.push({
          method: 'DELETE',
          path: /web-ip$/,
          what: 'nothing',
          also: () => void fake.held.delete(fake.of('web-ip').id.toLowerCase()),
        })
      },
    ],
    [
      'an operation nobody knows any more',
      fake => fake.faults.push({ method: 'GET', path: /operations/, what: { status: 404 } }),
    ],
  ])('bear %s', async (_, trouble) => {
    const fake = await cloud()
    trouble(fake)
    const { code, error } = await cleanup(fake, { yes: true })
    expect([error, code]).toEqual([null, 0])
    expect([...fake.held.keys()]).toEqual([])
    expect(fake.faults).toEqual([])
  })

  it('stop at the first that fails, say what is left, and go on from there', async () => {
    const fake = await cloud()
    fake.willFail.push({
      path: /Sets\/web$/,
      code: 'OperationNotAllowed',
      message: 'a lock of the datacenter',
    })
    const { code, error } = await cleanup(fake, { yes: true })
    expect([code, error?.code]).toEqual([1, 'PLM-804'])
    expect(error?.message).toContain('gave up')
    expect(error?.message).toContain('a lock of the datacenter')
    expect(error?.message).toContain(
      'Still to be deleted: the scale set web, the load balancer web-lb, the public address web-ip, the security group web-nsg, the network web-net. Run it again',
    )
    expect(goneByName(fake)).toEqual([])
    const again = await cleanup(fake, { yes: true })
    expect(again.out).toContain('not there role assignment  Virtual Machine Contributor')
    expect(goneByName(fake)).toEqual(ORDER)
  })

  it.each<readonly [string, { readonly status: number; readonly code: string }, string]>([
    ['a lock', { status: 409, code: 'ScopeLocked' }, 'ScopeLocked'],
    ['no right to', { status: 403, code: 'AuthorizationFailed' }, 'Role Based Access Control Administrator'],
    ['a refusal', { status: 400, code: 'BadRequest' }, 'BadRequest'],
  ])('end at %s', async (_, what, said) => {
    const fake = await cloud()
    fake.faults.push({ method: 'DELETE', path: /roleAssignments/, what })
    const { error } = await cleanup(fake, { yes: true })
    expect(error?.code).toBe('PLM-804')
    expect(error?.message).toContain(said)
    expect([fake.gone, fake.count('DELETE', /./)]).toEqual([[], 1])
  })

  it('do not ask for ever for what stays', async () => {
    const fake = await cloud()
    fake.faults.push({
      method: 'DELETE',
      path: /web-lb$/,
      what: { status: 400, code: 'InUseLoadBalancer' },
      times: 99,
    })
    const { error } = await cleanup(fake, { yes: true })
    expect(error?.code).toBe('PLM-804')
    expect(fake.count('DELETE', /web-lb$/)).toBe(6)
  })

  it('take no longer than they may', async () => {
    const fake = await cloud()
    let now = 0
    fake.faults.push({
      method: 'GET',
      path: /web-lb$/,
      what: { status: 500 },
      times: 99,
      also: () => {
        now += 60_000
      },
    })
    const clock = { ...systemClock, now: () => now }
    const { error, err } = await cleanup(fake, { yes: true }, { clock })
    expect(err).toContain('deleting the load balancer web-lb, for ')
    expect(error?.code).toBe('PLM-805')
    expect(error?.message).toContain('After 10 minutes the load balancer web-lb was not gone')
    expect(goneByName(fake)).toEqual(['web'])
  })

  it('end when they are interrupted, and say so', async () => {
    const fake = await cloud()
    fake.faults.push({
      method: 'DELETE',
      path: /web-lb$/,
      what: 'nothing',
      also: () => void process.emit('SIGTERM', 'SIGTERM'),
    })
    const { error } = await cleanup(fake, { yes: true })
    expect(error?.code).toBe('PLM-806')
    expect(error?.message).toContain('Still to be deleted: the load balancer web-lb')
    expect(goneByName(fake)).toEqual(['web'])
  })

  it('are not begun in a subscription that is not there', async () => {
    const fake = await cloud()
    const text = configFor(fake.endpoint).replace(SUBSCRIPTION, '00000000-0000-4000-8000-0000000000ff')
    const cwd = mkdtempSync(path.join(tmpdir(), 'plimsoll-cleanup-'))
    ends.push(() => rmSync(cwd, { recursive: true, force: true }))
    writeFileSync(path.join(cwd, 'plimsoll.yaml'), text)
    const { error } = await cleanupIn(cwd, fake, { yes: true })
    expect([error?.code, fake.count('DELETE', /./)]).toEqual(['PLM-804', 0])
  })

  it('answer as JSON what went and what is left', async () => {
    const fake = await cloud()
    fake.faults.push({ method: 'DELETE', path: /web-lb$/, what: { status: 409, code: 'ScopeLocked' } })
    const { out, error } = await cleanup(fake, { yes: true, json: true })
    expect(error?.code).toBe('PLM-804')
    const answered = JSON.parse(out)
    expect(answered).toMatchObject({ fleet: 'web', deleted: false })
    expect(answered.ended.at(-1)).toMatchObject({ name: 'web', how: 'deleted' })
    expect(answered.left[0]).toMatchObject({ name: 'web-lb' })
  })
})

describe('azure cleanup, while there are sessions', () => {
  const ROOMS = `    router: { type: broker }
    sessions: { slotsPerInstance: 8 }
`
  const counts = (inUse: number | null): SessionCounts => ({ ...NO_SESSIONS, inUse, inUseOpen: inUse })

  async function cleanedUpAfter(
    agoMs: number,
    sessions: SessionCounts,
    options: CleanupOptions,
    rest = ROOMS,
  ): Promise<Ran & { readonly fake: FakeResources }> {
    const fake = await cloud()
    const cwd = mkdtempSync(path.join(tmpdir(), 'plimsoll-cleanup-'))
    ends.push(() => rmSync(cwd, { recursive: true, force: true }))
    writeFileSync(path.join(cwd, 'plimsoll.yaml'), configFor(fake.endpoint, rest))
    const store = await openSqliteStore(path.join(cwd, 'state.db'))
    const seen = { at: Date.now() - agoMs, instances: [instance('web-1')], cpu: 50, sessions }
    const { entry, memory } = nextEntry(webFleet(), null, seen)
    await store.commit({
      fleet: 'web',
      epoch: 1,
      parentRevision: entry.memory.revision,
      memory,
      entry,
      outcomes: null,
      samples: [],
    })
    await store.close()
    return { ...(await cleanupIn(cwd, fake, options)), fake }
  }

  it.each<readonly [string, SessionCounts, CleanupOptions, string]>([
    ['some are in use', counts(12), { yes: true }, '12 slots were in use'],
    ['nobody knows', counts(null), { yes: true }, 'how many sessions there are was not known'],
  ])('deletes nothing when %s', async (_, sessions, options, said) => {
    const { error, fake } = await cleanedUpAfter(3_600_000, sessions, options)
    expect(error?.code).toBe('PLM-803')
    expect(error?.message).toContain(said)
    expect(error?.message).toContain('--cut-sessions')
    expect(fake.asked).toEqual([])
  })

  it.each<readonly [string, SessionCounts, CleanupOptions, string]>([
    ['there are none', counts(0), { yes: true }, ROOMS],
    ['they may be cut', counts(12), { yes: true, cutSessions: true }, ROOMS],
    ['nobody has sessions here', counts(null), { yes: true }, ''],
  ])('deletes when %s', async (_, sessions, options, rest) => {
    const { error, fake, err } = await cleanedUpAfter(3_600_000, sessions, options, rest)
    expect(error).toBeNull()
    expect([...fake.held.keys()]).toEqual([])
    expect(err).toBe('')
  })

  it('tells that a daemon seems to run', async () => {
    const { err } = await cleanedUpAfter(5_000, counts(0), { yes: true })
    expect(err).toMatch(/^note a daemon scaled web \d+ s ago: stop it, or it launches again/)
  })
})

const fault: fc.Arbitrary<Fault> = fc.record({
  method: fc.constantFrom('GET', 'DELETE'),
  path: fc.constantFrom(/./, /operations/, /web-lb$/, /Sets\/web$/, /roleAssignments/, /web-net$/),
  what: fc.constantFrom<Fault['what']>(
    'lost',
    'dropped',
    { status: 500 },
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 503, headers: { 'retry-after': '0' } },
    { status: 409, code: 'AnotherOperationInProgress' },
    { status: 403, code: 'AuthorizationFailed' },
    { status: 404, code: 'ResourceNotFound' },
  ),
  times: fc.integer({ min: 1, max: 4 }),
})

it('ends or says why, touches nothing of others, and is done when it is run again, whatever goes wrong', async () => {
  let stopped = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { minLength: 1, maxLength: 6 }),
      fc.option(fc.constantFrom('Sets/web', 'web-lb', 'web-net'), { nil: null }),
      fc.boolean(),
      async (faults, failing, foreign) => {
        const fake = await cloud()
        if (foreign) fake.of('networkSecurityGroups/web-nsg').tags = { 'plimsoll-fleet': 'other' }
        // Each property run has its own copies: a fault counts itself down.
        for (const each of faults) fake.faults.push({ ...each })
        if (failing !== null) {
          fake.willFail.push({ path: new RegExp(`${failing}$`), code: 'InternalServerError', message: 'no' })
        }
        const first = await cleanup(fake, { yes: true })
        if (first.error !== null) {
          stopped += 1
          expect(first.error.code).toBe('PLM-804')
          expect(first.error.message).toContain('Still to be deleted: ')
        }
        fake.faults.length = 0
        fake.willFail.length = 0
        const again = await cleanup(fake, { yes: true })
        expect(again.error).toBeNull()
        expect([...fake.held.values()].map(({ name }) => name)).toEqual(foreign ? ['web-nsg'] : [])
        await fake.stop()
      },
    ),
    { numRuns: runs(15) },
  )
  expect(stopped).toBeGreaterThan(0)
}, 120_000)

it('asks for no client of Microsoft before it is needed, and then tells which', async () => {
  const fake = await cloud()
  const { error } = await cleanup(
    fake,
    { yes: true },
    { loadResourcesSdk: () => Promise.reject(new Error('not there')) },
  )
  expect(error?.message).toContain('npm install @azure/arm-resources @azure/identity')
  expect(fake.asked).toEqual([])
})

it('cannot delete in another order', async () => {
  const fake = await cloud()
  fake.of('Sets/web').tags = {}
  const { error } = await cleanup(fake, { yes: true })
  expect(error?.message).toContain('Could not delete the load balancer web-lb')
  expect(error?.message).toContain('web-lb is in use by web')
})

it('does it all as the user meets it, signed in as a managed identity', async () => {
  const fake = await cloud()
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  await inFolder(async folder => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', fake.cert))
    folder.write('plimsoll.yaml', configFor(fake.endpoint))
    const planned = await folder.plimsoll('azure', 'cleanup', 'plimsoll.yaml')
    expect([planned.code, fake.asked.length]).toEqual([0, 0])
    const { code, out } = await folder.plimsoll('azure', 'cleanup', 'plimsoll.yaml', '--yes')
    expect([code, out]).toEqual([0, expect.stringContaining('Deleted 7 of web; 1 was not there.')])
    expect([...fake.held.keys()]).toEqual([])
  })
}, 90_000)
