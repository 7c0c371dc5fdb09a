import { describe, expect, it } from 'vitest'
import { Claims } from './claims.ts'
import type { Vm } from './vm-state.ts'

function vm(name: string, zone: string | null, createdAt: number, change: Partial<Vm> = {}): Vm {
  return {
    instanceId: name,
    name,
    vmId: `id-of-${name}`,
    provisioning: 'succeeded',
    power: 'running',
    health: null,
    zone,
    computerName: null,
    createdAt,
    detail: null,
    location: 'westeurope',
    etag: null,
    protection: null,
    isOfLatestModel: null,
    ...change,
  }
}

const nobody = () => false

describe('who is whose', () => {
  it('is told by what was there before, and by the zone that was ordered', () => {
    const claims = new Claims()
    const before = vm('web_0', '1', 1)
    claims.try('a', '1', [before])
    claims.try('b', '2', [before])
    claims.claim(['a', 'b'], [before, vm('web_1', '2', 2), vm('web_2', '1', 2)], nobody)
    expect([claims.of('a'), claims.of('b'), claims.of('c')]).toEqual(['web_2', 'web_1', null])
    expect(claims.tokenOf(vm('web_1', '2', 2))).toBe('b')
  })

  it('is any, where Azure put it into another zone than was ordered', () => {
    const claims = new Claims()
    claims.try('a', '1', [])
    claims.claim(['a'], [vm('web_1', '3', 2)], nobody)
    expect(claims.of('a')).toBe('web_1')
  })

  it('is nobody who leaves, is taken, or has an order already', () => {
    const claims = new Claims()
    claims.try('a', null, [])
    const taken = vm('web_1', '1', 2)
    claims.claim(
      ['a'],
      [taken, vm('web_2', '1', 3, { provisioning: 'deleting' })],
      ({ name }) => name === 'web_1',
    )
    expect(claims.of('a')).toBeNull()
    claims.claim(['a'], [taken], nobody)
    claims.try('b', null, [])
    claims.claim(['b'], [taken], nobody)
    expect([claims.of('a'), claims.of('b'), claims.isTried('b'), claims.isTried('a')]).toEqual([
      'web_1',
      null,
      true,
      false,
    ])
  })

  it('is another where another VM has the name by now', () => {
    const claims = new Claims()
    claims.try('a', null, [])
    claims.claim(['a'], [vm('web_1', '1', 2)], nobody)
    expect(claims.tokenOf(vm('web_1', '1', 3, { vmId: 'another' }))).toBeNull()
  })
})
