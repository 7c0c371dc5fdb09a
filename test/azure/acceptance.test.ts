import { type TargetSubject, targetAcceptance } from '../../src/ports/target.acceptance.ts'
import type { FakeArm } from './arm.ts'
import { azureRig } from './rig.ts'

for (const mode of ['Uniform', 'Flexible'] as const) {
  for (const ledger of [false, true]) {
    const name = `a ${mode} scale set${ledger ? ' with a ledger' : ''}`
    targetAcceptance(name, () => subject(mode, ledger))
  }
}

async function subject(mode: FakeArm['mode'], ledger: boolean): Promise<TargetSubject> {
  const { arm, target, settle, stop } = await azureRig({ mode, ledger, exclusive: true })
  return {
    target,
    settle,
    cleanUp: stop,
    async crash(instance) {
      const vm = [...arm.vms.values()].find(({ name }) => name === instance)
      if (vm === undefined) throw new Error(`no ${instance}`)
      vm.power = 'stopped'
    },
  }
}
