/**
 * A VM as tests begin with it: it runs, and nothing is said of its health.
 *
 * Example: `{ ...RUNNING_VM, power: 'deallocated' }`.
 */
import type { Vm } from './vm-state.ts'

export const RUNNING_VM: Vm = {
  instanceId: '3',
  name: 'web_3',
  vmId: '6f1c',
  provisioning: 'succeeded',
  power: 'running',
  health: null,
  zone: '2',
  computerName: 'web000003',
  createdAt: 1_000,
  detail: null,
  location: 'westeurope',
  etag: null,
  protection: null,
  isOfLatestModel: null,
}
