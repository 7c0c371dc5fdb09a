/**
 * The target of a fleet that is only advised: it has no instances to list and refuses every action. The count comes
 * from a metric (`count:` in the file) or from the observation given.
 *
 * Example: `launch([{ token: 'web/42/1', zone: null }], signal)` answers `[{ token: 'web/42/1', ok: false, kind: 'refused',
 * error: 'PLM-380 ...' }]`.
 */
import { PluginError } from '../../ports/plugin.ts'
import type { Target } from '../../ports/target.ts'

const ADVICE_ONLY =
  'PLM-380 this fleet has no target, so Plimsoll only advises; give it one (target: in the file) to have it act.'

export function createNoneTarget(): Target {
  return {
    capabilities: {
      acts: false,
      choosesVictim: false,
      zones: [],
      idempotentLaunch: false,
      exclusive: false,
      highestCount: null,
    },
    async listInstances(signal) {
      if (signal.aborted) throw new PluginError('unavailable', 'PLM-381 the listing was called off.')
      return []
    },
    async launch(orders) {
      return orders.map(({ token }) => ({ token, ok: false, kind: 'refused', error: ADVICE_ONLY }))
    },
    async terminate(victims) {
      return victims.map(({ id }) => ({ instance: id, ok: false, kind: 'refused', error: ADVICE_ONLY }))
    },
    async check() {
      return { ok: true, detail: 'advice only: there is no target to act on' }
    },
    async close() {},
  }
}
