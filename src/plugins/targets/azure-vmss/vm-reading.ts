/**
 * What the clients hand over of a VM, in either mode, as the one form the rest works with: small letters, and `null` for what is
 * not said.
 *
 * Example: a Uniform VM with instanceId `3` and the statuses `ProvisioningState/succeeded` and `PowerState/running` is
 * `{ instanceId: '3', name: 'web_3', provisioning: 'succeeded', power: 'running', ... }`.
 */
import type { VirtualMachine, VirtualMachineScaleSetVM } from '@azure/arm-compute'
import { PluginError } from '../../../ports/plugin.ts'
import type { Vm } from './vm-state.ts'

/** Azure allows 1000. */
const MOST_INSTANCES = 2_000

type Common = Omit<Vm, 'instanceId' | 'name' | 'protection' | 'isOfLatestModel'>

export function uniformVm(vm: VirtualMachineScaleSetVM, scaleSet: string): Vm | null {
  const { instanceId } = vm
  if (instanceId === undefined) return null
  const { protectFromScaleIn = false, protectFromScaleSetActions = false } = vm.protectionPolicy ?? {}
  return {
    ...commonOf(vm),
    instanceId,
    name: `${scaleSet}_${instanceId}`,
    protection: { fromScaleIn: protectFromScaleIn, fromScaleSetActions: protectFromScaleSetActions },
    isOfLatestModel: vm.latestModelApplied ?? null,
  }
}

export function flexibleVm(vm: VirtualMachine): Vm | null {
  const name = vm.name?.toLowerCase()
  return name === undefined
    ? null
    : { ...commonOf(vm), instanceId: name, name, protection: null, isOfLatestModel: null }
}

function commonOf(vm: VirtualMachineScaleSetVM | VirtualMachine): Common {
  const statuses = vm.instanceView?.statuses ?? []
  const codes = statuses.map(({ code }) => code?.toLowerCase() ?? '')
  const power = codes.find(code => code.startsWith('powerstate/'))
  const detail = statuses.find(({ message }) => message !== undefined && message !== '')?.message
  return {
    vmId: vm.vmId?.toLowerCase() ?? null,
    provisioning: vm.provisioningState?.toLowerCase() ?? 'unknown',
    power: power?.slice('powerstate/'.length) ?? null,
    health: vm.instanceView?.vmHealth?.status?.code?.toLowerCase().replace('healthstate/', '') ?? null,
    zone: vm.zones?.[0] ?? null,
    computerName: vm.osProfile?.computerName ?? vm.instanceView?.computerName ?? null,
    createdAt: vm.timeCreated?.getTime() ?? null,
    detail: detail ?? null,
    location: vm.location,
    etag: vm.etag ?? null,
  }
}

export function uniformIdOf(name: string, scaleSet: string): string | null {
  const prefix = `${scaleSet}_`
  const id = name.slice(prefix.length)
  return name.toLowerCase().startsWith(prefix.toLowerCase()) && /^\d{1,10}$/.test(id) ? id : null
}

export function isMember(vm: VirtualMachine, scaleSet: string): boolean {
  const id = vm.virtualMachineScaleSet?.id?.toLowerCase() ?? ''
  return id.endsWith(`/virtualmachinescalesets/${scaleSet.toLowerCase()}`)
}

/** Later pages are asked for without the signal, so it is looked at between them. */
export async function collect<T>(
  pages: AsyncIterable<readonly T[]>,
  signal: AbortSignal,
  vmOf: (item: T) => Vm | null,
): Promise<Vm[]> {
  const vms: Vm[] = []
  for await (const page of pages) {
    signal.throwIfAborted()
    for (const item of page) {
      const vm = vmOf(item)
      if (vm !== null) vms.push(vm)
    }
    if (vms.length > MOST_INSTANCES) {
      throw new PluginError(
        'misconfigured',
        `PLM-769 the scale set lists more than ${MOST_INSTANCES} instances; the list is not used.`,
      )
    }
  }
  return vms
}
