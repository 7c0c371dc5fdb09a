import { type TargetSubject, targetAcceptance } from '../../src/ports/target.acceptance.ts'
import type { FakeArm } from './arm.ts'
import { azureRig, type RigOptions } from './rig.ts'

const VARIANTS: readonly (readonly [string, RigOptions])[] = [
  ['', {}],
  [' with a ledger', { ledger: true }],
  [' that deallocates', { scaleIn: 'deallocate' }],
  [' that deallocates, with a ledger', { scaleIn: 'deallocate', ledger: true }],
  [' that keeps one deallocated', { scaleIn: 'deallocate', keepDeallocated: 1 }],
  [' with zones', { zones: ['1', '2', '3'] }],
  [' that protects', { protect: true }],
  [' with all of it', { scaleIn: 'deallocate', zones: ['1', '2', '3'], protect: true }],
]

for (const mode of ['Uniform', 'Flexible'] as const) {
  for (const [name, options] of VARIANTS) {
    targetAcceptance(`a ${mode} scale set${name}`, () => subject(mode, options))
  }
}

async function subject(mode: FakeArm['mode'], options: RigOptions): Promise<TargetSubject> {
  const { arm, target, settle, stop } = await azureRig({ ...options, mode, exclusive: true })
  return {
    target,
    settle: predicate =>
      settle(async instances => {
        await target.tend?.(AbortSignal.timeout(10_000))
        return predicate(instances)
      }),
    cleanUp: stop,
    async crash(instance) {
      const vm = [...arm.vms.values()].find(({ name }) => name === instance)
      if (vm === undefined) throw new Error(`no ${instance}`)
      vm.power = 'stopped'
    },
  }
}
