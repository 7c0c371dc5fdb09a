/** The fake, judged by Microsoft's description of the API; and the judge, by what is plainly wrong. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Exchange } from './fake-azure.ts'
import { absent, Judge } from './judge.ts'
import { type AzureRig, azureRig } from './rig.ts'

const signal = AbortSignal.timeout(120_000)
const orders = (...tokens: string[]) => tokens.map(token => ({ token, zone: null }))

describe.skipIf(absent !== '')(`a judge of the fake${absent}`, () => {
  const rigs: AzureRig[] = []
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.stop().catch(() => undefined)
  })

  async function rigOf(mode: 'Uniform' | 'Flexible'): Promise<AzureRig> {
    const rig = await azureRig({ mode, ledger: true, appearMs: 50 })
    rigs.push(rig)
    return rig
  }

  async function complaintsOf(...exchanges: readonly Partial<Exchange>[]): Promise<readonly string[]> {
    const judge = await Judge.open()
    for (const exchange of exchanges) judge?.hear({ ...SOUND, ...exchange })
    return (await judge?.verdict())?.complaints ?? []
  }

  it.each([
    ['Uniform', 'VirtualMachineScaleSetVMs'],
    ['Flexible', 'VirtualMachines'],
  ] as const)('finds nothing wrong with a life of a %s scale set', async (mode, vms) => {
    const { arm, target, settle, stop, verdict } = await rigOf(mode)
    arm.pageSize = 2
    arm.health = 'healthy'
    arm.faults.push({ method: 'PATCH', path: /./, what: { status: 503, headers: { 'retry-after': '0' } } })
    arm.hidesNew = true
    await target.launch(orders('web/1/1', 'web/1/2', 'web/1/3'), signal)
    arm.showAll()
    await target.launch(orders('web/1/1', 'web/1/2', 'web/1/3'), signal)
    await settle(
      instances => instances.length === 3 && instances.every(({ lifecycle }) => lifecycle === 'ready'),
    )
    arm.shouts = true
    arm.faults.push({ method: 'POST', path: /./, what: { status: 409, code: 'OperationNotAllowed' } })
    const [first, second] = await target.listInstances(signal)
    const chosen = [first, second].map(each => ({
      id: each?.id ?? '',
      incarnation: each?.incarnation ?? null,
    }))
    await target.terminate(chosen, signal)
    await target.terminate(chosen, signal)
    await target.terminate([{ id: 'web_77', incarnation: null }], signal)
    await target.check(signal)
    await stop()
    const { judged, complaints } = await verdict()
    expect(complaints).toEqual([])
    expect([...judged.keys()].sort()).toEqual(
      [
        'Operations_Get',
        'VirtualMachineScaleSets_DeleteInstances',
        'VirtualMachineScaleSets_Get',
        'VirtualMachineScaleSets_Update',
        `${vms}_Get`,
        `${vms}_List`,
      ].sort(),
    )
  })

  it('lets no rig stop quietly whose fake answered wrongly', async () => {
    const { arm, target, stop } = await rigOf('Uniform')
    arm.faults.push({ method: 'GET', path: /./, what: { status: 200 } })
    await target.check(signal)
    await expect(stop()).rejects.toThrow(/VirtualMachineScaleSets_Get, reply 200.*error/)
  })

  it('finds nothing wrong with a sound exchange', async () => {
    expect(await complaintsOf({})).toEqual([])
  })

  it.each<[string, Partial<Exchange>, RegExp]>([
    [
      'a capacity that is a text',
      { reply: replyOf({ sku: { name: 'Standard_B2s', capacity: '3' } }) },
      /reply 200 \/sku\/capacity: Expected type integer/,
    ],
    [
      'a state that is a number',
      { reply: replyOf({ properties: { provisioningState: 1 } }) },
      /\/properties\/provisioningState/,
    ],
    ['a field nobody knows', { reply: replyOf({ properties: { size: 'big' } }) }, /not allowed: size/],
    ['a newer field of another type', { reply: replyOf({ etag: 7 }) }, /not allowed: etag/],
    ['a status it does not have', { reply: { status: 204, body: null } }, /^\w+, reply 204/],
    [
      'a refusal without its frame',
      { reply: { ...replyOf({}), status: 409, body: { code: 'Conflict' } } },
      /reply 409 .*not allowed: code/,
    ],
    [
      'a refusal in another form',
      { reply: { status: 409, headers: HTML, body: { error: { code: 'Conflict', message: 'no' } } } },
      /reply 409 .*text\/html/,
    ],
    [
      'a request to delete nobody in particular',
      { method: 'POST', url: `${SET}/delete${QUERY}`, body: {}, reply: ACCEPTED },
      /request \/instanceIds: Missing required property/,
    ],
    [
      'an acceptance that leads nowhere',
      {
        method: 'POST',
        url: `${SET}/delete${QUERY}`,
        body: { instanceIds: ['0'] },
        reply: { status: 202, body: null },
      },
      /nothing says where to ask/,
    ],
    [
      'an operation nobody has heard of',
      { method: 'POST', url: `${SET}/shrink${QUERY}`, reply: ACCEPTED },
      /not judged: .* Newer than the swagger/,
    ],
    [
      'an operation under way in a state of its own',
      { url: `${OPERATION}${QUERY}`, reply: { status: 200, body: { status: 'Dawdling' } } },
      /Operations_Get, reply status/,
    ],
    [
      'a port under another name',
      {
        method: 'POST',
        url: `${PORTS}${QUERY}`,
        body: { ipConfiguration: { id: 'nic' } },
        reply: { ...replyOf({}), body: { inboundNatRulePortMappings: [{ frontPort: 50_003 }] } },
      },
      /ListInboundNatRulePortMappings, reply frontPort: 50003: the client does not know it/,
    ],
  ])('complains of %s', async (_, wrong, complaint) => {
    const complaints = await complaintsOf(wrong)
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(complaint)
  })
})

const HTML = { 'content-type': 'text/html' }
const QUERY = '?api-version=2026-03-01'
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001'
const SET = `${SUBSCRIPTION}/resourceGroups/fleet-rg/providers/Microsoft.Compute/virtualMachineScaleSets/web`
const OPERATION = `${SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/1`
const PORTS = `${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Network/loadBalancers/b/backendAddressPools/p/queryInboundNatRulePortMapping`
const ACCEPTED = { status: 202, body: null, headers: { location: 'https://fake/operations/1' } }

function replyOf(change: object) {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { id: SET, name: 'web', location: 'westeurope', etag: '"1"', ...change },
  }
}

const SOUND: Exchange = {
  method: 'GET',
  url: `${SET}${QUERY}`,
  headers: { 'content-type': 'application/json' },
  body: null,
  reply: replyOf({}),
}
