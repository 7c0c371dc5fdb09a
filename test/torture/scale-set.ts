/**
 * A scale set whose VMs are real processes: each VM that runs in the fake resource manager has a room, which is ended as soon as its VM is
 * deleted or stopped. What Azure says and what really runs are thus two things, as they are in a cloud, and daemons reach
 * it over TLS with Microsoft's client.
 *
 * Example: a daemon raises the capacity to 3; three rooms begin; each VM is "initializing" until its room answers, and then "healthy".
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { FakeArm, type FakeVm, GROUP, SCALE_SET, SUBSCRIPTION } from '../azure/arm.ts'
import { type Door, openDoor } from '../azure/door.ts'
import { freePort } from '../builders/real.ts'
import type { Chance } from './chance.ts'
import type { TortureLog } from './log.ts'
import { rest } from './rest.ts'

const LOOK_EVERY_MS = 100
const ANSWER_MS = 1_000

/** What goes wrong with requests, by turns; each for one of those that may come. */
const REQUESTS = [
  { method: 'PATCH', path: /virtualMachineScaleSets\/web$/i, what: 'lost' },
  { method: 'POST', path: /\/delete$/, what: 'lost' },
  { method: 'PATCH', path: /virtualMachineScaleSets\/web$/i, what: 'silent' },
  { method: 'POST', path: /\/delete$/, what: 'dropped' },
  { method: 'GET', path: /./, what: { status: 429, headers: { 'retry-after': '2' } }, times: 3 },
  { method: 'GET', path: /./, what: { status: 503, headers: { 'retry-after': '1' } }, times: 5 },
  { method: 'POST', path: /\/delete$/, what: { status: 500 } },
] as const

interface Room {
  readonly vmId: string
  readonly child: ChildProcess
}

export class TorturedScaleSet {
  readonly arm: FakeArm
  readonly #door: Door
  readonly #folder: string
  readonly #log: TortureLog
  readonly #rooms = new Map<string, Room>()
  readonly #end = new AbortController()
  readonly #working: Promise<void>
  #failed = 0

  private constructor(arm: FakeArm, door: Door, folder: string, log: TortureLog) {
    this.arm = arm
    this.#door = door
    this.#folder = folder
    this.#log = log
    this.#working = this.#work()
  }

  static async start(folder: string, log: TortureLog): Promise<TorturedScaleSet> {
    const arm = await FakeArm.start({ mode: 'Uniform' })
    arm.health = 'initializing'
    writeFileSync(path.join(folder, 'cloud.pem'), arm.cert)
    return new TorturedScaleSet(arm, await openDoor(), folder, log)
  }

  /** Of daemons that are to sign in and to trust it. */
  get environment(): Readonly<Record<string, string>> {
    return { ...this.#door.environment, NODE_EXTRA_CA_CERTS: path.join(this.#folder, 'cloud.pem') }
  }

  get target(): string {
    return `
      type: azure-vmss
      subscription: ${SUBSCRIPTION}
      resourceGroup: ${GROUP}
      scaleSet: ${SCALE_SET}
      endpoint: "${this.arm.endpoint}"
      address: "http://{computerName}"
      exclusive: true
      ledger: true
      listingLag: 2s
      timeout: 3s`
  }

  /** VMs that are there, by name. */
  get names(): readonly string[] {
    return [...this.arm.vms.values()]
      .filter(({ provisioning }) => provisioning !== 'Deleting')
      .map(vm => vm.name)
  }

  /** One goes wrong of the next requests. */
  disturb(chance: Chance): void {
    const fault = chance.one(REQUESTS)
    if (fault === undefined) return
    this.arm.faults.push({ ...fault })
    this.#log.say(`Azure: ${fault.method} ${JSON.stringify(fault.what)}`)
  }

  /** Deleted by somebody else. @returns whose it was */
  evict(chance: Chance, tell: (instance: string) => void): string | null {
    const vm = chance.one([...this.arm.vms.values()].filter(({ power }) => power === 'running'))
    if (vm === undefined) return null
    tell(vm.name)
    this.arm.removeVm(vm.instanceId)
    return vm.name
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#working
    await Promise.all([...this.#rooms.keys()].map(vmId => this.#endRoom(vmId)))
    this.#door.close()
    await this.arm.stop()
  }

  async #work(): Promise<void> {
    do {
      const running = new Map([...this.arm.vms.values()].filter(isRunning).map(vm => [vm.vmId, vm] as const))
      for (const vmId of this.#rooms.keys()) if (!running.has(vmId)) void this.#endRoom(vmId)
      for (const [vmId, vm] of running) if (!this.#rooms.has(vmId)) await this.#begin(vm)
    } while (await rest(LOOK_EVERY_MS, this.#end.signal))
  }

  async #begin(vm: FakeVm): Promise<void> {
    const port = await freePort()
    const output = openSync(path.join(this.#folder, 'rooms.log'), 'a')
    const child = spawn(process.execPath, ['rooms.mjs'], {
      cwd: this.#folder,
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH, PORT: String(port), PLIMSOLL_INSTANCE: vm.name },
    })
    const room = { vmId: vm.vmId, child }
    this.#rooms.set(vm.vmId, room)
    child.once('exit', () => {
      if (this.#rooms.get(vm.vmId) !== room) return
      this.#failed += 1
      // By turns the VM goes on and its health extension says what is wrong, or it stops with its application.
      if (this.#failed % 2 === 0) vm.health = 'unhealthy'
      else vm.power = 'stopped'
    })
    void this.#awaitAnswer(vm, room, port)
  }

  async #awaitAnswer(vm: FakeVm, { child }: Room, port: number): Promise<void> {
    do {
      const answer = await fetch(`http://127.0.0.1:${port}/health`, {
        signal: AbortSignal.timeout(ANSWER_MS),
      }).catch(() => null)
      if (answer?.ok !== true) continue
      vm.computerName = `127.0.0.1:${port}`
      vm.health = 'healthy'
      return
    } while (child.exitCode === null && (await rest(LOOK_EVERY_MS, this.#end.signal)))
  }

  async #endRoom(vmId: string): Promise<void> {
    const child = this.#rooms.get(vmId)?.child
    this.#rooms.delete(vmId)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
}

function isRunning({ power, provisioning }: FakeVm): boolean {
  return power === 'running' && provisioning === 'Succeeded'
}
