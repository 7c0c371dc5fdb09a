/**
 * An App Service plan as target, on a fake Azure that misbehaves. Whatever it does: the plan has what was asked for, what else is set in
 * it stays, and nothing that somebody else did meanwhile is undone.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import type {
  AzureAppServicePlanContext,
  AzureAppServicePlanOptions,
} from '../../src/plugins/targets/azure-app-service-plan.ts'
import { PluginError } from '../../src/ports/plugin.ts'
import { victims } from '../../src/ports/target.acceptance.ts'
import type { Target } from '../../src/ports/target.ts'
import type { Fault } from './fake-azure.ts'
import { type PlanRig, planRig } from './plan-rig.ts'
import type { FakePlans } from './plans.ts'

const signal = AbortSignal.timeout(120_000)
const rigs: PlanRig[] = []

async function rigOf(
  options: Partial<AzureAppServicePlanOptions> = {},
  context: AzureAppServicePlanContext = {},
): Promise<PlanRig> {
  const rig = await planRig(options, context)
  rigs.push(rig)
  return rig
}

/** Listed once, as the fleet is before anything is asked of it; `later` moves its clock. */
async function listed(options: Partial<AzureAppServicePlanOptions> = {}) {
  let now = 1_000_000
  const rig = await rigOf(options, { clock: { ...systemClock, now: () => now } })
  await rig.target.listInstances(signal)
  return {
    ...rig,
    later(ms: number) {
      now += ms
    },
  }
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.stop()
})

const PUT = { method: 'PUT', path: /serverfarms\/shop$/i }
const GET = { method: 'GET', path: /serverfarms\/shop$/i }
const SKUS = { method: 'GET', path: /\/skus$/i }
const LIST = { method: 'POST', path: /\/listinstances$/i }
const POLL = { method: 'GET', path: /\/operations\// }
const SOON = { 'retry-after': '0' }

async function thrownBy(promise: Promise<unknown> | undefined): Promise<PluginError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof PluginError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** `done`, or what was thrown: `conflict PLM-785`. */
async function told(resized: Promise<void> | undefined): Promise<string> {
  try {
    await resized
    return 'done'
  } catch (error) {
    if (error instanceof PluginError) return `${error.kind} ${error.message.slice(0, 7)}`
    throw error
  }
}

const resize = (target: Target, count: number, token = 'shop/1/1') => target.resize?.(count, token, signal)

interface Case {
  readonly name: string
  readonly faults: (plans: FakePlans) => readonly Fault[]
  readonly told: string
  readonly capacity: number
  /** How often the plan was put. */
  readonly sets: number
  /** Where a ledger knows better. */
  readonly toldWithLedger?: string
}

describe('a resize of a plan', () => {
  const cases: readonly Case[] = [
    { name: 'when nothing is wrong', faults: () => [], told: 'done', capacity: 3, sets: 1 },
    {
      name: 'whose reply is lost',
      faults: () => [{ ...PUT, what: 'lost' }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'whose request is lost',
      faults: () => [{ ...PUT, what: 'dropped' }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'whose requests are all lost',
      faults: () => [{ ...PUT, what: 'dropped', times: 9 }],
      told: 'unavailable PLM-761',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'that is answered 500, though it was done',
      faults: plans => [{ ...PUT, what: { status: 500 }, also: () => Object.assign(plans, { capacity: 3 }) }],
      told: 'done',
      capacity: 3,
      sets: 0,
    },
    {
      name: 'that is answered 503',
      faults: () => [{ ...PUT, what: { status: 503, headers: SOON } }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'that is answered 429 with Retry-After',
      faults: () => [{ ...PUT, what: { status: 429, headers: { 'retry-after': '20' } } }],
      told: 'throttled PLM-762',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'that is answered 409 once, while another operation is in progress',
      faults: () => [{ ...PUT, what: { status: 409, code: 'Conflict' } }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'that is answered 409 all the time',
      faults: () => [{ ...PUT, what: { status: 409, code: 'Conflict' }, times: 9 }],
      told: 'conflict PLM-765',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'that is refused for a quota',
      faults: () => [{ ...PUT, what: { status: 409, code: 'OperationNotAllowed' } }],
      told: 'refused PLM-765',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'by one who may only read',
      faults: () => [{ ...PUT, what: { status: 403, code: 'AuthorizationFailed' } }],
      told: 'refused PLM-763',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'of a plan that cannot be read at first',
      faults: () => [{ ...GET, what: { status: 503, headers: SOON }, times: 2 }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'whose limits nobody tells',
      faults: () => [{ ...SKUS, what: { status: 403 } }],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'when somebody else has scaled since the fleet was listed',
      faults: plans => [{ ...GET, what: 'nothing', also: () => Object.assign(plans, { capacity: 2 }) }],
      told: 'conflict PLM-785',
      capacity: 2,
      sets: 0,
    },
    {
      name: 'when somebody else scales between the two readings',
      faults: plans => [{ ...SKUS, what: 'nothing', also: () => Object.assign(plans, { capacity: 2 }) }],
      told: 'conflict PLM-785',
      capacity: 2,
      sets: 0,
    },
    {
      name: 'when somebody else tags it between the two readings',
      faults: plans => [
        { ...SKUS, what: 'nothing', also: () => Object.assign(plans.plan, { tags: { owner: 'ann' } }) },
      ],
      told: 'done',
      capacity: 3,
      sets: 1,
    },
    {
      name: 'whose reply is lost, and that somebody else undid before it was looked at',
      faults: plans => [
        { ...PUT, what: 'lost' },
        { ...GET, what: 'nothing' },
        { ...GET, what: 'nothing' },
        { ...GET, what: 'nothing', also: () => Object.assign(plans, { capacity: 2 }) },
      ],
      told: 'conflict PLM-785',
      toldWithLedger: 'done',
      capacity: 2,
      sets: 1,
    },
    {
      name: 'that Azure rounds up',
      faults: plans => [{ ...PUT, what: 'nothing', also: () => Object.assign(plans, { keepsAtLeast: 4 }) }],
      told: 'refused PLM-784',
      capacity: 4,
      sets: 1,
    },
    {
      name: 'while the tier is changed to one that has no more',
      faults: plans => [{ ...GET, what: 'nothing', also: () => plans.move('F1', 'Free', 1) }],
      told: 'refused PLM-783',
      capacity: 1,
      sets: 0,
    },
    {
      name: 'while automatic scaling is switched on',
      faults: plans => [
        { ...GET, what: 'nothing', also: () => Object.assign(plans.plan, { elasticScaleEnabled: true }) },
      ],
      told: 'refused PLM-782',
      capacity: 1,
      sets: 0,
    },
  ]

  for (const ledger of [false, true]) {
    it.each(cases)(
      `$name${ledger ? ', with a ledger' : ''}: $told`,
      async ({ faults, told: expected, toldWithLedger, capacity, sets }) => {
        const { plans, target, later } = await listed({ ledger })
        // Long enough for the limits to be read anew, as they are now and then.
        later(600_000)
        plans.faults.push(...faults(plans))
        expect(await told(resize(target, 3))).toBe(ledger ? (toldWithLedger ?? expected) : expected)
        expect([plans.capacity, plans.sets]).toEqual([capacity, sets])
      },
    )
  }

  it('waits for one that takes a while', async () => {
    const { plans, target } = await listed()
    plans.isSlow = true
    expect(await told(resize(target, 3))).toBe('done')
    expect([plans.capacity, plans.count('GET', POLL.path)]).toEqual([3, 2])
  })

  it.each([
    ['500', { status: 500 }],
    ['a broken connection', 'dropped'],
    ['429', { status: 429, headers: SOON }],
  ] as const)('asks the plan itself where a poll meets %s', async (_, what) => {
    const { plans, target } = await listed()
    plans.isSlow = true
    plans.faults.push({ ...POLL, what, also: () => plans.finish() })
    expect(await told(resize(target, 3))).toBe('done')
    expect([plans.capacity, plans.count('GET', POLL.path), plans.sets]).toEqual([3, 1, 1])
  })

  it('does not wait for ever, and does not ask again', async () => {
    const { plans, target } = await listed({ settleMs: 50 })
    plans.isSlow = true
    plans.faults.push({ ...POLL, what: 'silent', times: 99 })
    expect(await told(resize(target, 3))).toBe('done')
    expect(await told(resize(target, 3))).toBe('done')
    expect([plans.capacity, plans.sets]).toEqual([1, 1])
  })

  it('that Azure accepts and gives up is told with its words, and may be tried again', async () => {
    const { plans, target } = await listed()
    plans.isSlow = true
    plans.nextOperationError = { code: 'NotEnoughWorkers', message: 'There are not enough workers.' }
    const { kind, message } = await thrownBy(resize(target, 3))
    expect([kind, message]).toEqual(['refused', expect.stringMatching(/^PLM-784 .*not enough workers/)])
    await target.listInstances(signal)
    expect(await told(resize(target, 3, 'shop/2/1'))).toBe('done')
    expect(plans.capacity).toBe(3)
  })

  it('leaves everything else in the plan as it was', async () => {
    const { plans, target } = await listed()
    Object.assign(plans.plan, {
      zoneRedundant: true,
      perSiteScaling: true,
      asyncScalingEnabled: true,
      hostingEnvironmentProfile: { id: '/subscriptions/x/hostingEnvironments/own' },
      spotExpirationTime: new Date('2027-01-01T00:00:00.000Z'),
    })
    const before = JSON.parse(JSON.stringify(plans.plan))
    await resize(target, 4)
    const after = JSON.parse(JSON.stringify(plans.plan))
    expect(after).toEqual({ ...before, numberOfWorkers: 4, sku: { ...before.sku, capacity: 4 } })
  })

  it('is done once for a token, also where somebody else scales afterwards', async () => {
    const { plans, target } = await listed()
    await resize(target, 3)
    plans.capacity = 5
    expect(await told(resize(target, 3))).toBe('done')
    expect([plans.capacity, plans.sets]).toEqual([5, 1])
  })

  it('is done once for a token across restarts of ours, with a ledger', async () => {
    const { plans, target, again } = await listed({ ledger: true })
    await resize(target, 3)
    await resize(target, 2, 'shop/2/1')
    plans.capacity = 5
    const restarted = again()
    await restarted.listInstances(signal)
    expect(await told(resize(restarted, 3))).toBe('done')
    expect(await told(resize(restarted, 2, 'shop/2/1'))).toBe('done')
    expect([plans.capacity, plans.sets]).toEqual([5, 2])
    expect(plans.plan.tags).toEqual({ team: 'shop', 'plimsoll-resizes': 'shop/1/1 shop/2/1' })
  })

  it('keeps the ledger within what Azure allows in a tag', async () => {
    const { plans, target } = await listed({ ledger: true })
    for (let n = 0; n < 40; n += 1) await resize(target, 2 + (n % 2), `shop/${n}/1`)
    const tag = plans.plan.tags?.['plimsoll-resizes'] ?? ''
    expect([tag.length <= 256, tag.endsWith(' shop/39/1')]).toEqual([true, true])
  })

  it('leaves tags alone without a ledger', async () => {
    const { plans, target } = await listed()
    await resize(target, 3)
    expect(plans.plan.tags).toEqual({ team: 'shop' })
  })

  it('is one at a time', async () => {
    const { plans, target } = await listed()
    const both = [resize(target, 3, 'shop/1/1'), resize(target, 2, 'shop/2/1')]
    expect(await Promise.all(both.map(told))).toEqual(['done', 'done'])
    expect(plans.capacity).toBe(2)
  })

  it.each([
    ['S1', 'Standard', 10, 11, /at most 10: lower the fleet's max to 10/],
    ['F1', 'Free', 1, 2, /Free, which has one instance.*Basic/],
    ['B1', 'Basic', 3, 4, /at most 3/],
    ['S1', 'Standard', 10, 0, /at least 1: raise the fleet's min to 1/],
  ])('of %s (%s, at most %i) to %i is refused, with what to do', async (name, tier, most, count, says) => {
    const { plans, target } = await listed()
    plans.move(name, tier, most)
    await target.listInstances(signal)
    const { kind, message } = await thrownBy(resize(target, count))
    expect([kind, message]).toEqual(['refused', expect.stringMatching(/^PLM-783 .*nothing was changed/)])
    expect(message).toMatch(says)
    expect(plans.sets).toBe(0)
  })

  it('to one is refused where the plan is spread over zones', async () => {
    const { plans, target } = await listed()
    plans.plan.zoneRedundant = true
    plans.capacity = 3
    await target.listInstances(signal)
    expect((await thrownBy(resize(target, 1))).message).toMatch(/^PLM-783 .*zones.*at least 2/)
    expect(await told(resize(target, 2))).toBe('done')
  })

  it.each([
    ['EP1', 'ElasticPremium'],
    ['Y1', 'Dynamic'],
    ['FC1', 'FlexConsumption'],
    ['WS1', 'WorkflowStandard'],
  ])('of %s, which Azure scales itself, is refused', async (name, tier) => {
    const { plans, target } = await listed()
    plans.move(name, tier, 20)
    await target.listInstances(signal)
    expect((await thrownBy(resize(target, 3))).message).toMatch(/^PLM-782 .*--elastic-scale false/)
  })

  it('takes the limits of the tier it has by then', async () => {
    const { plans, target } = await listed()
    plans.move('P1v3', 'PremiumV3', 30)
    expect(await told(resize(target, 25))).toBe('done')
    expect(plans.capacity).toBe(25)
  })

  it('says so when it is called off', async () => {
    const { target } = await listed()
    await target.close()
    expect((await thrownBy(resize(target, 3))).message).toContain('PLM-768')
  })
})

describe('the list of a plan', () => {
  it('is the same however Azure spells it', async () => {
    const { plans, target } = await listed()
    await resize(target, 3)
    await target.listInstances(signal)
    await target.listInstances(signal)
    const before = await target.listInstances(signal)
    plans.shouts = true
    expect(await target.listInstances(signal)).toEqual(before)
    expect(before[0]).toMatchObject({ id: 'lw1sdlwk000001', access: [{ name: 'ip', address: '10.0.0.4' }] })
    expect(await told(resize(target, 2, 'shop/2/1'))).toBe('done')
  })

  it('has what was asked for and is not there yet as booting', async () => {
    const { plans, target } = await listed()
    plans.plan.sku = { ...plans.plan.sku, capacity: 3 }
    expect(await target.listInstances(signal)).toMatchObject([
      { id: 'lw1sdlwk000001', lifecycle: 'ready' },
      { id: 'shop+2', lifecycle: 'booting' },
      { id: 'shop+3', lifecycle: 'booting' },
    ])
    plans.tellsNames = false
    const { target: other } = await rigOf()
    expect(await other.listInstances(signal)).toHaveLength(1)
  })

  it('counts where Azure tells no names', async () => {
    const rig = await rigOf()
    rig.plans.tellsNames = false
    rig.plans.capacity = 3
    rig.plans.plan.numberOfWorkers = 2
    expect(await rig.target.listInstances(signal)).toMatchObject([
      { id: 'shop-1', lifecycle: 'ready' },
      { id: 'shop-2', lifecycle: 'ready' },
      { id: 'shop-3', lifecycle: 'booting' },
    ])
    await rig.target.listInstances(signal)
    expect(rig.plans.count('POST', LIST.path)).toBe(1)
  })

  it('is not guessed once names were told', async () => {
    const { plans, target } = await listed()
    plans.faults.push({ ...LIST, what: { status: 404 } })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({ kind: 'not-found' })
  })

  it.each([
    ['Ready', 'ready', 'unknown'],
    ['', 'ready', 'unknown'],
    ['RUNNING', 'ready', 'unknown'],
    ['Provisioning', 'booting', 'unknown'],
    ['Stopping', 'terminating', 'unknown'],
    ['Unhealthy', 'ready', 'unhealthy'],
    ['Blue', 'ready', 'unknown'],
  ])('takes %j for %s, %s', async (status, lifecycle, health) => {
    const { plans, target } = await listed()
    plans.workers = plans.workers.map(worker => ({ ...worker, status, left: 9 }))
    expect(await target.listInstances(signal)).toMatchObject([{ lifecycle, health }])
  })

  it.each([
    ['503', { status: 503, headers: SOON }],
    ['429', { status: 429, headers: SOON }],
    ['500', { status: 500 }],
    ['a broken connection', 'dropped'],
  ] as const)('is read again after %s', async (_, what) => {
    const { plans, target } = await rigOf()
    plans.faults.push({ ...LIST, what }, { ...GET, what })
    expect(await target.listInstances(signal)).toHaveLength(1)
  })

  it('fails as a whole where half of it fails', async () => {
    const { plans, target } = await listed()
    plans.faults.push({ ...LIST, what: { status: 500 }, times: 3 })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({ kind: 'unavailable' })
    plans.faults.push({ ...GET, what: 'dropped', times: 3 })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({ kind: 'unavailable' })
  })

  it('asks nothing before Azure said it may', async () => {
    const { plans, target, later } = await listed()
    plans.faults.push({ ...LIST, what: { status: 429, headers: { 'retry-after': '30' } } })
    expect(await thrownBy(target.listInstances(signal))).toMatchObject({ kind: 'throttled' })
    const asked = plans.asked.length
    later(29_000)
    expect((await thrownBy(target.listInstances(signal))).message).toContain('PLM-762')
    expect(plans.asked).toHaveLength(asked)
    later(2_000)
    expect(await target.listInstances(signal)).toHaveLength(1)
  })

  it('takes no longer than it may', async () => {
    const { plans, target } = await rigOf({ timeoutMs: 100 })
    plans.faults.push({ ...GET, what: 'silent', times: 9 })
    expect((await thrownBy(target.listInstances(signal))).message).toMatch(/^PLM-761 .*no answer in time/)
  })

  it('is not read of a plan that is not there', async () => {
    const { target } = await rigOf({ plan: 'shoop' })
    expect((await thrownBy(target.listInstances(signal))).message).toMatch(
      /^PLM-764 .*resourceGroup and plan/,
    )
  })
})

describe('what a plan may have', () => {
  it.each([
    ['told for its size', { value: [{ sku: { name: 's1' }, capacity: { minimum: 1, maximum: 7 } }] }, 10, 7],
    ['told in the other form', { skus: [{ name: 'S1', capacity: { maximum: 8 } }] }, 10, 8],
    ['less by the plan itself', { value: [{ sku: { name: 'S1' }, capacity: { maximum: 10 } }] }, 5, 5],
    ['told for other sizes only', { value: [{ sku: { name: 'P1v3' }, capacity: { maximum: 30 } }] }, 10, 10],
    ['not told at all', null, 9, 9],
    ['nonsense', { value: [3, null, { sku: 'x', capacity: [] }] }, 0, 10],
    ['not told by anybody, so the table says', [], 0, 10],
  ])('%s', async (_, skus, most, highest) => {
    const { plans, target } = await rigOf()
    plans.skus = skus
    plans.plan.maximumNumberOfWorkers = most
    expect(target.capabilities.highestCount).toBeNull()
    await target.listInstances(signal)
    expect(target.capabilities.highestCount).toBe(highest)
  })

  it('is asked for once in ten minutes', async () => {
    const { plans, target, later } = await listed()
    await target.listInstances(signal)
    expect(plans.count('GET', SKUS.path)).toBe(1)
    later(600_000)
    await target.listInstances(signal)
    expect(plans.count('GET', SKUS.path)).toBe(2)
  })
})

describe('an App Service plan', () => {
  it('launches and terminates nobody by name', async () => {
    const { target } = await listed()
    const [launch] = await target.launch([{ token: 'shop/1/1', zone: null }], signal)
    const [termination] = await target.terminate(victims('lw1sdlwk000001'), signal)
    const refused = { ok: false, kind: 'refused', error: expect.stringContaining('PLM-787') }
    expect([launch, termination]).toMatchObject([refused, refused])
  })

  it('says in its check what it is, what it may have, and what to know about it', async () => {
    const { plans, target } = await rigOf()
    Object.assign(plans.plan, { perSiteScaling: true, isSpot: true, zoneRedundant: true })
    plans.capacity = 3
    plans.remaining = 'Microsoft.Web/ReadServerFarm3Min;480'
    const { ok, detail } = await target.check(signal)
    expect(ok).toBe(true)
    expect(detail).toMatch(
      /^Standard S1 plan shop: capacity 3, 2 to 10 instances; which ones go, Azure chooses/,
    )
    for (const said of ['perSiteScaling', 'spot', 'zones', '480 calls']) expect(detail).toContain(said)
  })

  it.each([
    ['F1', 'Free', 'PLM-783'],
    ['D1', 'Shared', 'PLM-783'],
    ['EP1', 'ElasticPremium', 'PLM-782'],
  ])('fails its check where it is %s (%s)', async (name, tier, code) => {
    const { plans, target } = await rigOf()
    plans.skus = null
    plans.move(name, tier, 0)
    const { ok, detail } = await target.check(signal)
    expect([ok, detail]).toEqual([false, expect.stringContaining(code)])
    // It can be looked at all the same, by a fleet that only recommends.
    expect(await target.listInstances(signal)).toHaveLength(1)
  })

  it('tells how to install the clients where they are not', async () => {
    const loadSdk = async () => {
      throw new Error("Cannot find package '@azure/arm-appservice'")
    }
    const { target } = await rigOf({}, { loadSdk })
    const { ok, detail } = await target.check(signal)
    expect([ok, detail]).toEqual([
      false,
      expect.stringMatching(/PLM-760.*npm install @azure\/arm-appservice @azure\/identity/),
    ])
  })
})
