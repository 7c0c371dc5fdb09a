import { describe, expect, it } from 'vitest'
import { RUNNING_VM } from './vm.fixture.ts'
import { instanceOf, type Vm } from './vm-state.ts'

describe('a VM, as an instance', () => {
  it.each<[string, Partial<Vm>, string]>([
    ['that runs', {}, 'ready unknown'],
    ['that runs and is healthy', { health: 'healthy' }, 'ready healthy'],
    ['that runs and is unhealthy', { health: 'unhealthy' }, 'ready unhealthy'],
    ['whose health nobody knows', { health: 'unknown' }, 'ready unknown'],
    ['whose health extension still waits', { health: 'initializing' }, 'booting unknown'],
    ['that is being updated', { provisioning: 'updating' }, 'ready unknown'],
    ['that runs and is still being created', { provisioning: 'creating' }, 'booting unknown'],
    ['that is only being created', { provisioning: 'creating', power: null }, 'booting unknown'],
    ['that starts', { provisioning: 'creating', power: 'starting' }, 'booting unknown'],
    ['that starts again', { power: 'starting' }, 'booting unknown'],
    ['that was never provisioned', { provisioning: 'failed', power: null }, 'lost unknown'],
    ['that runs though its last update failed', { provisioning: 'failed' }, 'ready unhealthy'],
    [
      'that is well though its last update failed',
      { provisioning: 'failed', health: 'healthy' },
      'ready healthy',
    ],
    ['that stops', { power: 'stopping' }, 'terminating unknown'],
    ['that was stopped', { power: 'stopped' }, 'lost unknown'],
    ['that was evicted', { power: 'deallocated' }, 'lost unknown'],
    ['that cannot be reached', { power: 'unknown' }, 'ready suspect'],
    ['that is being deleted while it runs', { provisioning: 'deleting' }, 'terminating unknown'],
  ])('%s: %j is %s', (_, change, expected) => {
    const { lifecycle, health } = instanceOf({ ...RUNNING_VM, ...change }, null, null)
    expect(`${lifecycle} ${health}`).toBe(expected)
  })

  it('says why it is lost, in words and in those of Azure', () => {
    const lost = instanceOf(
      { ...RUNNING_VM, provisioning: 'failed', power: null, detail: 'no such image' },
      null,
      null,
    )
    expect(lost.detail).toBe('its provisioning failed: no such image')
  })

  it('has the address its template gives, or none', () => {
    const template = 'http://{computerName}.internal:8080/{instanceId}'
    expect(instanceOf(RUNNING_VM, template, null).address).toBe('http://web000003.internal:8080/3')
    expect(instanceOf({ ...RUNNING_VM, computerName: null }, template, null).address).toBeNull()
    expect(instanceOf(RUNNING_VM, null, null).address).toBeNull()
  })
})
