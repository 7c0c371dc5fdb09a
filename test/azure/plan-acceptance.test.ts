import { type TargetSubject, targetAcceptance } from '../../src/ports/target.acceptance.ts'
import { planRig } from './plan-rig.ts'

for (const ledger of [false, true]) {
  for (const tellsNames of [true, false]) {
    for (const isSlow of [false, true]) {
      const name = `an App Service plan, ledger ${ledger}, names ${tellsNames}, slow ${isSlow},`
      targetAcceptance(name, () => subject(ledger, tellsNames, isSlow))
    }
  }
}

async function subject(ledger: boolean, tellsNames: boolean, isSlow: boolean): Promise<TargetSubject> {
  const { plans, target, settle, stop } = await planRig({ ledger })
  Object.assign(plans, { tellsNames, isSlow })
  return { target, settle, cleanUp: stop }
}
