import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../../../test/builders/until.ts'
import type { Clock } from '../../../ports/clock.ts'
import { targetAcceptance, victims } from '../../../ports/target.acceptance.ts'
import type { TargetInstance } from '../../../ports/target.ts'
import { createProcessTarget, type ProcessTarget, type ProcessTargetOptions } from '../process.ts'
import { endKept } from './end-kept.ts'
import { keptFiles, readKept } from './kept-folder.ts'

const APP = fileURLToPath(new URL('../../../../examples/quickstart/app.mjs', import.meta.url))
const signal = AbortSignal.timeout(300_000)
const targets: ProcessTarget[] = []
const folders: string[] = []
const clock: Clock = {
  now: () => Date.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}

afterEach(async () => {
  await Promise.all(targets.splice(0).map(target => target.close()))
  for (const folder of folders.splice(0)) {
    await endKept(join(folder, 'kept'), clock)
    rmSync(folder, { recursive: true, force: true })
  }
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kept-'))
  folders.push(folder)
  return folder
}

function make(folder: string, options: Partial<ProcessTargetOptions> = {}, fleet = 'web'): ProcessTarget {
  const target = createProcessTarget(
    {
      command: ['node', APP],
      env: {},
      cwd: null,
      health: { path: '/health', everyMs: 50, timeoutMs: 1_000, failures: 3 },
      stopGraceMs: 2_000,
      portFrom: null,
      keep: true,
      ...options,
    },
    { fleet, keptIn: join(folder, 'kept'), log: () => {} },
  )
  targets.push(target)
  return target
}

async function launchOne(target: ProcessTarget, token = 'web/1/1'): Promise<string> {
  const [result] = await target.launch([{ token, zone: null }], signal)
  if (!result?.ok) throw new Error(result?.error ?? 'no result')
  return result.instance
}

async function listedAs(
  target: ProcessTarget,
  id: string,
  lifecycle: TargetInstance['lifecycle'],
): Promise<TargetInstance> {
  return until(`${id} is ${lifecycle}`, async () => {
    const listed = await target.listInstances(signal)
    return listed.find(one => one.id === id && one.lifecycle === lifecycle) ?? null
  })
}

async function goneFrom(target: ProcessTarget, id: string): Promise<void> {
  await until(`${id} is gone`, async () => {
    const listed = await target.listInstances(signal)
    return listed.some(one => one.id === id) ? null : true
  })
}

const pidOf = (target: ProcessTarget, id: string): number => target.processes().get(id) ?? 0

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

targetAcceptance('process target that keeps its instances', async () => {
  const folder = newFolder()
  const target = make(folder)
  return {
    target,
    settle: async wanted => {
      await until('the list is as it should be', async () =>
        wanted(await target.listInstances(signal)) ? true : null,
      )
    },
    cleanUp: () => target.close(),
    async crash(id) {
      process.kill(pidOf(target, id), 'SIGKILL')
    },
  }
})

describe('instances that are kept', () => {
  it('go on when their target is closed, and the next one has them as they are', async () => {
    const folder = newFolder()
    const first = make(folder)
    const id = await launchOne(first)
    const before = await listedAs(first, id, 'ready')
    const pid = pidOf(first, id)
    await first.close()
    expect(runs(pid)).toBe(true)
    expect((await fetch(`${before.address}/health`)).ok).toBe(true)

    const second = make(folder)
    const [after] = await second.listInstances(signal)
    // Ready at the first look: a fleet that seems to boot would be taken for a fleet without capacity.
    expect(after).toEqual({ ...before, health: expect.stringMatching(/unknown|healthy/) })
    expect(pidOf(second, id)).toBe(pid)
    expect(second.output(id).join('\n')).toContain('listen')
    await second.terminate(victims(id), signal)
    await goneFrom(second, id)
    expect(runs(pid)).toBe(false)
    expect(readdirSync(join(folder, 'kept'))).toEqual([])
  })

  it('are launched once for a token, whichever target asks', async () => {
    const folder = newFolder()
    const first = make(folder)
    const second = make(folder)
    const [one, two] = await Promise.all([launchOne(first), launchOne(second)])
    expect(two).toBe(one)
    await first.close()
    expect(await launchOne(make(folder))).toBe(one)
    expect(keptFiles(join(folder, 'kept'))).toHaveLength(1)
  })

  it('are seen, and seen to end, by every target that shares the folder', async () => {
    const folder = newFolder()
    const first = make(folder)
    const second = make(folder)
    const id = await launchOne(first)
    await listedAs(second, id, 'ready')
    await second.terminate(victims(id), signal)
    await goneFrom(first, id)
  })

  it('are restarted in place for every target that shares the folder, and for the next one', async () => {
    const folder = newFolder()
    const first = make(folder)
    const second = make(folder)
    const id = await launchOne(first)
    const before = await listedAs(first, id, 'ready')
    await listedAs(second, id, 'ready')
    await first.restart?.(victims(id), signal)
    const restarted = (target: ProcessTarget) =>
      until('it is ready again', async () => {
        const listed = await target.listInstances(signal)
        return (
          listed.find(({ incarnation, lifecycle }) => incarnation === '2' && lifecycle === 'ready') ?? null
        )
      })
    expect(await restarted(first)).toEqual({ ...before, incarnation: '2' })
    expect((await restarted(second)).id).toBe(id)
    await Promise.all([first.close(), second.close()])
    expect(await restarted(make(folder))).toMatchObject({ id, address: before.address, token: before.token })
  })

  it('end when their target is closed while they are restarted: nobody else would start them again', async () => {
    const folder = newFolder()
    const first = make(folder)
    const id = await launchOne(first)
    await listedAs(first, id, 'ready')
    const pid = pidOf(first, id)
    await first.restart?.(victims(id), signal)
    await first.close()
    expect(runs(pid)).toBe(false)
    expect(keptFiles(join(folder, 'kept'))).toEqual([])
  })

  it('end with the next target when they are not to be kept any more', async () => {
    const folder = newFolder()
    const first = make(folder)
    const id = await launchOne(first)
    await listedAs(first, id, 'ready')
    const pid = pidOf(first, id)
    await first.close()
    const second = make(folder, { keep: false })
    await listedAs(second, id, 'ready')
    await second.close()
    expect(runs(pid)).toBe(false)
    expect(keptFiles(join(folder, 'kept'))).toEqual([])
  })

  it('belong to their own fleet only', async () => {
    const folder = newFolder()
    await launchOne(make(folder))
    expect(await make(folder, {}, 'rooms').listInstances(signal)).toEqual([])
  })

  it('that end by themselves while nobody looks are not there any more', async () => {
    const folder = newFolder()
    const first = make(folder)
    const id = await launchOne(first)
    await listedAs(first, id, 'ready')
    const pid = pidOf(first, id)
    await first.close()
    process.kill(pid, 'SIGKILL')
    const second = make(folder)
    await until('it is lost or not listed', async () => {
      const listed = await second.listInstances(signal)
      return listed.every(one => one.lifecycle === 'lost') ? true : null
    })
  })

  it('are lost with their guard, and nothing of them stays', async () => {
    const folder = newFolder()
    const first = make(folder)
    const id = await launchOne(first)
    await listedAs(first, id, 'ready')
    const pid = pidOf(first, id)
    const [path = ''] = keptFiles(join(folder, 'kept'))
    const guard = readKept(path)?.guard.pid ?? 0
    await first.close()
    process.kill(guard, 'SIGKILL')
    const second = make(folder)
    const lost = await listedAs(second, id, 'lost')
    expect(lost.detail).toContain('PLM-308')
    await until('its command is gone', () => (runs(pid) ? null : true))
    await until('its record is gone', () => (keptFiles(join(folder, 'kept')).length === 0 ? true : null))
    // The token may be used again by those who did not see it used.
    expect(await launchOne(make(folder))).not.toBe(id)
  })

  it('that cannot be started say why, and leave nothing', async () => {
    const folder = newFolder()
    const target = make(folder, { command: ['./there-is-no-such-program'] })
    const [missing] = await target.launch([{ token: 'web/1/1', zone: null }], signal)
    expect(missing).toMatchObject({ ok: false, kind: 'misconfigured' })
    expect(missing?.ok === false && missing.error).toContain('PLM-300')
    await until('its record is gone', () => (keptFiles(join(folder, 'kept')).length === 0 ? true : null))

    const ending = make(folder, { command: ['node', '-e', 'throw new Error("no such luck")'] })
    const id = await launchOne(ending)
    const lost = await listedAs(ending, id, 'lost')
    expect(lost.detail).toMatch(/PLM-303 .*no such luck/)
  })

  it('are not launched beside a record that nobody can read', async () => {
    const folder = newFolder()
    const target = make(folder)
    await launchOne(target)
    const file = join(folder, 'kept', 'odd.json')
    writeFileSync(file, '{}')
    await expect(target.listInstances(signal)).rejects.toThrow('PLM-316')
    await expect(target.launch([{ token: 'web/1/2', zone: null }], signal)).rejects.toThrow('PLM-316')
    rmSync(file)
    expect(await target.listInstances(signal)).toHaveLength(1)
  })

  it('are not launched where the folder cannot be read', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'kept'), 'not a folder')
    await expect(make(folder).listInstances(signal)).rejects.toThrow('PLM-317')
    rmSync(join(folder, 'kept'))
  })

  it('need a folder to be written down in', () => {
    const options = { command: ['true'], env: {}, cwd: null, stopGraceMs: 0, portFrom: null, keep: true }
    const health = { path: '/', everyMs: 50, timeoutMs: 50, failures: 1 }
    expect(() => createProcessTarget({ ...options, health }, { fleet: 'web', log: () => {} })).toThrow(
      'PLM-318',
    )
  })
})

describe('ending what is kept', () => {
  it('ends all of it when no daemon has it', async () => {
    const folder = newFolder()
    const target = make(folder)
    const id = await launchOne(target)
    await listedAs(target, id, 'ready')
    const pid = pidOf(target, id)
    const inUse = await endKept(join(folder, 'kept'), clock)
    expect(inUse).toEqual([{ fleet: 'web', instance: id, ended: false }])
    expect(runs(pid)).toBe(true)
    await target.close()
    expect(await endKept(join(folder, 'kept'), clock)).toEqual([{ fleet: 'web', instance: id, ended: true }])
    expect(runs(pid)).toBe(false)
    expect(readdirSync(join(folder, 'kept'))).toEqual([])
  })
})
