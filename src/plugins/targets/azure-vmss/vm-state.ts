/**
 * What Azure says of a VM, as an instance: is it booting, ready, on its way out, or lost; and is it well?
 *
 * Example: provisioning Succeeded, power running, health unhealthy is ready and unhealthy: it is closed and its sessions end in peace.
 * Provisioning Failed is lost only where it does not run: one that runs, and whose last update failed, may hold sessions.
 *
 * Azure spells ids and codes in capitals or not as it likes, so all are compared in small letters.
 */
import type { TargetInstance } from '../../../ports/target.ts'

export interface Vm {
  /** As calls name it. */
  readonly instanceId: string
  /** As the fleet names it: `web_3`. */
  readonly name: string
  /** Azure's unique id: an instance id may come back with another VM behind it. */
  readonly vmId: string | null
  readonly provisioning: string
  /** `running`, `deallocated` ...; `null` where it has none yet, or the view was not asked for. */
  readonly power: string | null
  readonly health: string | null
  readonly zone: string | null
  readonly computerName: string | null
  readonly createdAt: number | null
  readonly detail: string | null
  readonly location: string
  /** Changes with each change of it. */
  readonly etag: string | null
  /** Against being chosen by others; null where a listing does not say. */
  readonly protection: { readonly fromScaleIn: boolean; readonly fromScaleSetActions: boolean } | null
  readonly isOfLatestModel: boolean | null
}

type State = Pick<TargetInstance, 'lifecycle' | 'health' | 'detail'>

/** @param address a template, e.g. `http://{computerName}:8080`; null: none is known */
export function instanceOf(vm: Vm, address: string | null, token: string | null): TargetInstance {
  return {
    id: vm.name,
    incarnation: vm.vmId,
    ...stateOf(vm),
    zone: vm.zone,
    address: addressOf(vm, address),
    launchedAt: vm.createdAt,
    token,
  }
}

export function isLeaving(vm: Vm): boolean {
  return vm.provisioning === 'deleting'
}

function stateOf(vm: Vm): State {
  const health = healthOf(vm)
  if (isLeaving(vm)) return { lifecycle: 'terminating', health, detail: null }
  switch (vm.power) {
    case 'stopping':
    case 'deallocating':
      return { lifecycle: 'terminating', health, detail: `it is ${vm.power}` }
    case 'stopped':
    case 'deallocated':
      return { lifecycle: 'lost', health, detail: said(vm, `it is ${vm.power}`) }
    case 'running':
      return runningState(vm, health)
    case 'unknown':
      return { lifecycle: 'ready', health: 'suspect', detail: 'Azure does not know whether it runs' }
    default:
      return vm.provisioning === 'failed'
        ? { lifecycle: 'lost', health, detail: said(vm, 'its provisioning failed') }
        : { lifecycle: 'booting', health, detail: null }
  }
}

function runningState(vm: Vm, health: TargetInstance['health']): State {
  const boots = vm.provisioning === 'creating' || vm.health === 'initializing'
  if (boots) return { lifecycle: 'booting', health, detail: null }
  if (vm.provisioning === 'failed' && health !== 'healthy') {
    return { lifecycle: 'ready', health: 'unhealthy', detail: said(vm, 'its provisioning failed') }
  }
  const detail = health === 'unhealthy' ? said(vm, 'its health extension says so') : null
  return { lifecycle: 'ready', health, detail }
}

function healthOf({ health }: Vm): TargetInstance['health'] {
  return health === 'healthy' || health === 'unhealthy' ? health : 'unknown'
}

function said({ detail }: Vm, what: string): string {
  return detail === null ? what : `${what}: ${detail}`
}

function addressOf(vm: Vm, template: string | null): string | null {
  if (template === null) return null
  const values: Record<string, string | null> = {
    computerName: vm.computerName,
    instanceId: vm.instanceId,
    name: vm.name,
  }
  let complete = true
  const address = template.replace(/\{(computerName|instanceId|name)\}/g, (_, key: string) => {
    const value = values[key] ?? null
    if (value === null) complete = false
    return value ?? ''
  })
  return complete ? address : null
}
