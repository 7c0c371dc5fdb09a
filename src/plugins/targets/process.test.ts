import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../../test/builders/until.ts'
import { targetAcceptance, victims } from '../../ports/target.acceptance.ts'
import type { TargetInstance } from '../../ports/target.ts'
import { createProcessTarget, type ProcessTarget, type ProcessTargetOptions } from './process.ts'

const APP = fileURLToPath(new URL('../../../examples/quickstart/app.mjs', import.meta.url))
/** Elsewhere there is no cheap way to see who runs. */
const linux = process.platform === 'linux'
const signal = AbortSignal.timeout(300_000)
const targets: ProcessTarget[] = []
const folders: string[] = []
const servers: Server[] = []

afterEach(async () => {
  await Promise.all(targets.splice(0).map(target => target.close()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  for (const server of servers.splice(0)) server.close()
})

/** A server whose health endpoint answers, with `extra` run first. */
function server(extra = ''): string[] {
  const code = `${extra};require('node:http').createServer((q,r)=>r.end('ok')).listen(process.env.PORT,process.env.HOST)`
  return ['node', '-e', code]
}

function make(
  options: Partial<ProcessTargetOptions> = {},
  log: (line: string) => void = () => {},
): ProcessTarget {
  const target = createProcessTarget(
    {
      command: ['node', APP],
      env: {},
      cwd: null,
      health: { path: '/health', everyMs: 50, timeoutMs: 1_000, failures: 3 },
      stopGraceMs: 2_000,
      portFrom: null,
      ...options,
    },
    { fleet: 'web', log },
  )
  targets.push(target)
  return target
}

async function launchOne(target: ProcessTarget, token = 'web/1/1'): Promise<string> {
  const [result] = await target.launch([{ token, zone: null }], signal)
  if (!result?.ok) throw new Error(result?.error ?? 'no result')
  return result.instance
}

async function launchReady(target: ProcessTarget, token = 'web/1/1'): Promise<string> {
  const id = await launchOne(target, token)
  await settle(target, listed =>
    listed.some(instance => instance.id === id && instance.lifecycle === 'ready'),
  )
  return id
}

async function settle(
  target: ProcessTarget,
  wanted: (listed: readonly TargetInstance[]) => boolean,
): Promise<void> {
  await until('the instances are as wanted', async () => {
    const listed = await target.listInstances(signal)
    if (wanted(listed)) return true
    throw new Error(JSON.stringify(listed))
  })
}

function pidOf(target: ProcessTarget, id: string): number {
  const pid = target.processes().get(id)
  if (pid === undefined) throw new Error(`${id} has no process`)
  return pid
}

/** Runs, that is: listed by the system and not a zombie. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** The process ids a child printed as `pid=123`. */
async function printedPids(target: ProcessTarget, id: string, count: number): Promise<number[]> {
  const read = () =>
    target.output(id).flatMap(line => [...line.matchAll(/pid=(\d+)/g)].map(match => Number(match[1])))
  await until(`${count} of them`, () => {
    if (read().length >= count) return true
    throw new Error(target.output(id).join('\n'))
  })
  return read()
}

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-process-'))
  folders.push(folder)
  return folder
}

targetAcceptance('the process target', async () => {
  const target = make({ command: server() })
  return {
    target,
    settle: wanted => settle(target, wanted),
    cleanUp: () => target.close(),
    async crash(id) {
      process.kill(pidOf(target, id), 'SIGKILL')
    },
  }
})

describe('an instance of the process target', () => {
  it('is told its port, its name and its fleet, and answers where it is said to', async () => {
    const target = make({
      command: [
        'node',
        '-e',
        `const e=process.env;require('node:http').createServer((q,r)=>r.end([e.PORT,e.HOST,e.PLIMSOLL_INSTANCE,e.PLIMSOLL_FLEET,e.KIND,process.execPath].join(' '))).listen(e.PORT,e.HOST)`,
      ],
      env: { KIND: 'blue' },
    })
    const id = await launchReady(target)
    const [instance] = await target.listInstances(signal)
    const answer = await (await fetch(instance?.address ?? '')).text()
    const port = new URL(instance?.address ?? '').port
    expect(answer).toBe(`${port} 127.0.0.1 ${id} web blue ${process.execPath}`)
  })

  it('does not learn the secrets that are the daemon’s own', async () => {
    process.env.PLIMSOLL_TOKEN = 'secret'
    try {
      const target = make({ command: server(`console.log('token', process.env.PLIMSOLL_TOKEN)`) })
      const id = await launchReady(target)
      expect(target.output(id)).toEqual(['token undefined'])
    } finally {
      delete process.env.PLIMSOLL_TOKEN
    }
  })

  it('has a name no later daemon gives again', async () => {
    const first = await launchOne(make())
    const second = await launchOne(make())
    expect(first).toMatch(/^web-[0-9a-z]+-1$/)
    expect(second).not.toBe(first)
  })

  it('is noticed when it crashes, with the signal and what it printed', async () => {
    const target = make({ command: server(`console.error('FatalError: the shop is on fire')`) })
    const id = await launchReady(target)
    let woken = 0
    target.subscribe?.(() => {
      woken += 1
    })
    process.kill(pidOf(target, id), 'SIGKILL')
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    const [lost] = await target.listInstances(signal)
    expect(lost?.detail).toContain('PLM-304')
    expect(lost?.detail).toContain('signal SIGKILL')
    expect(lost?.detail).toContain('FatalError: the shop is on fire')
    expect(woken).toBeGreaterThan(0)
    expect(target.processes().has(id)).toBe(false)
  })

  it('is unhealthy when it hangs, and healthy again when it goes on', async () => {
    const target = make({ health: { path: '/health', everyMs: 20, timeoutMs: 100, failures: 2 } })
    const id = await launchReady(target)
    process.kill(pidOf(target, id), 'SIGSTOP')
    await settle(target, ([instance]) => instance?.health === 'unhealthy')
    const [hung] = await target.listInstances(signal)
    expect(hung?.lifecycle).toBe('ready')
    expect(hung?.detail).toMatch(
      /PLM-305 GET .*\/health failed \d+ times in a row; last: no answer within 100 ms/,
    )
    process.kill(pidOf(target, id), 'SIGCONT')
    await settle(target, ([instance]) => instance?.health === 'healthy' && instance.detail === null)
  })

  it('is unhealthy when its health endpoint says so', async () => {
    const folder = freshFolder()
    const flag = join(folder, 'sick')
    const target = make({
      command: [
        'node',
        '-e',
        `const {existsSync}=require('node:fs');require('node:http').createServer((q,r)=>{r.statusCode=existsSync(${JSON.stringify(flag)})?500:200;r.end()}).listen(process.env.PORT)`,
      ],
    })
    await launchReady(target)
    writeFileSync(flag, '')
    await settle(target, ([instance]) => instance?.health === 'unhealthy')
    expect((await target.listInstances(signal))[0]?.detail).toContain('it answered 500')
  })

  it('ends in order, not by force, when it hangs: it is set going again', async () => {
    // A grace beyond the test's own deadline: only the polite way is quick enough.
    const target = make({ stopGraceMs: 60_000 })
    const id = await launchReady(target)
    const pid = pidOf(target, id)
    process.kill(pid, 'SIGSTOP')
    await target.terminate(victims(id), signal)
    await settle(target, listed => listed.length === 0)
    expect(runs(pid)).toBe(false)
  })

  it('may finish what it has begun when it is terminated', async () => {
    const target = make({ stopGraceMs: 60_000 })
    const id = await launchReady(target)
    const [instance] = await target.listInstances(signal)
    // The head comes at once, the body after 500 ms: the request is under way for certain.
    const answer = await fetch(new URL('/slow?ms=500', instance?.address ?? ''))
    await target.terminate(victims(id), signal)
    expect(await answer.text()).toContain('after 500 ms')
    await settle(target, listed => listed.length === 0)
  })

  it('is ended by force after the grace when it ignores the polite request', async () => {
    const target = make({ command: server(`process.on('SIGTERM',()=>console.log('no'))`), stopGraceMs: 300 })
    const id = await launchReady(target)
    const pid = pidOf(target, id)
    await target.terminate(victims(id), signal)
    await until('it refuses to end, or ends', () => target.output(id).includes('no') || !runs(pid))
    await settle(target, listed => listed.length === 0)
    expect(runs(pid)).toBe(false)
  })

  it.runIf(linux)(
    'takes its grandchildren along, also one that forgot whose it is and one that left the group',
    async () => {
      const stubborn = `process.on('SIGTERM',()=>{});setInterval(()=>{},1e6);console.log('pid='+process.pid)`
      const target = make({
        command: server(
          `const {spawn}=require('node:child_process');for(const how of [{env:{}},{detached:true}])spawn(process.execPath,['-e',${JSON.stringify(stubborn)}],{stdio:'inherit',...how})`,
        ),
        stopGraceMs: 300,
      })
      const id = await launchReady(target)
      const pids = [...(await printedPids(target, id, 2)), pidOf(target, id)]
      expect(pids.filter(runs)).toHaveLength(3)
      await target.terminate(victims(id), signal)
      await settle(target, listed => listed.length === 0)
      expect(pids.filter(runs)).toEqual([])
    },
  )

  it('leaves no grandchild when it crashes', async () => {
    const target = make({
      command: server(
        `require('node:child_process').spawn(process.execPath,['-e','setInterval(()=>{},1e6);console.log("pid="+process.pid)'],{stdio:'inherit'})`,
      ),
    })
    const id = await launchReady(target)
    const [grandchild = 0] = await printedPids(target, id, 1)
    expect(runs(grandchild)).toBe(true)
    process.kill(pidOf(target, id), 'SIGKILL')
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    await until('the grandchild is gone', () => !runs(grandchild))
  })

  it.runIf(linux)('is lost, not orphaned, when its guard is ended by force', async () => {
    const target = make()
    const id = await launchReady(target)
    const pid = pidOf(target, id)
    process.kill(parentOf(pid), 'SIGKILL')
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    expect((await target.listInstances(signal))[0]?.detail).toContain('PLM-308')
    await until('its process is gone', () => !runs(pid))
  })

  it.runIf(linux)('ends in order when its guard is asked to end', async () => {
    const target = make({ command: server(`process.on('SIGTERM',()=>process.exit(7))`), stopGraceMs: 60_000 })
    const id = await launchReady(target)
    process.kill(parentOf(pidOf(target, id)), 'SIGTERM')
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    expect((await target.listInstances(signal))[0]?.detail).toContain('ended by itself: exit code 7')
  })

  describe('that is restarted', () => {
    it('keeps its id, its address and its zone, and is another incarnation with another process', async () => {
      const target = make({ command: server(`console.log('run '+process.env.PLIMSOLL_INCARNATION)`) })
      const id = await launchReady(target)
      const pid = pidOf(target, id)
      const [before] = await target.listInstances(signal)
      expect(await target.restart?.(victims(id), signal)).toEqual([
        { instance: id, ok: true, state: 'terminating' },
      ])
      const [meanwhile] = await target.listInstances(signal)
      expect(meanwhile).toMatchObject({ id, incarnation: '2', lifecycle: 'booting', health: 'unknown' })
      await settle(target, ([instance]) => instance?.lifecycle === 'ready')
      const [after] = await target.listInstances(signal)
      expect(after).toEqual({ ...before, incarnation: '2' })
      expect([before?.incarnation, target.output(id)]).toEqual(['1', ['run 2']])
      expect(runs(pid)).toBe(false)
      expect(pidOf(target, id)).not.toBe(pid)
    })

    it('also ends one that hangs and ignores the polite request', async () => {
      const target = make({
        command: server(`process.on('SIGTERM',()=>{});console.log('pid='+process.pid)`),
        stopGraceMs: 200,
      })
      const id = await launchReady(target)
      const pid = pidOf(target, id)
      process.kill(pid, 'SIGSTOP')
      await target.restart?.(victims(id), signal)
      await settle(target, ([instance]) => instance?.lifecycle === 'ready')
      expect([runs(pid), runs(pidOf(target, id))]).toEqual([false, true])
    })

    it('is asked once, however often: whoever means the former incarnation means nobody', async () => {
      const target = make()
      const id = await launchReady(target)
      const first = [{ id, incarnation: '1' }]
      await target.restart?.(first, signal)
      const gone = [{ instance: id, ok: true, state: 'gone' }]
      expect(await target.restart?.(first, signal)).toEqual(gone)
      expect(await target.terminate(first, signal)).toEqual(gone)
      // Under way already: one who does not say which is not obeyed twice.
      await target.restart?.(victims(id), signal)
      await settle(target, ([instance]) => instance?.lifecycle === 'ready')
      expect(await target.listInstances(signal)).toMatchObject([{ id, incarnation: '2' }])
    })

    it('is gone for good when it is terminated meanwhile', async () => {
      const target = make({ command: server(`process.on('SIGTERM',()=>{})`), stopGraceMs: 300 })
      const id = await launchReady(target)
      const pid = pidOf(target, id)
      await target.restart?.(victims(id), signal)
      await target.terminate(victims(id), signal)
      await settle(target, listed => listed.length === 0)
      expect(runs(pid)).toBe(false)
    })

    it('is lost, with the reason, when it cannot be started again', async () => {
      const folder = freshFolder()
      const file = join(folder, 'app.cjs')
      writeFileSync(file, server()[2] ?? '')
      const target = make({ command: ['node', file] })
      const id = await launchReady(target)
      writeFileSync(file, 'throw new Error("no such luck")')
      await target.restart?.(victims(id), signal)
      await settle(target, ([instance]) => instance?.lifecycle === 'lost')
      expect((await target.listInstances(signal))[0]?.detail).toMatch(/PLM-303 .*no such luck/)
    })

    it('is refused while it is terminated, and once it is lost (PLM-319)', async () => {
      const target = make({ command: server(`process.on('SIGTERM',()=>{})`), stopGraceMs: 2_000 })
      const ending = await launchReady(target, 'web/1/1')
      const crashed = await launchReady(target, 'web/1/2')
      await target.terminate(victims(ending), signal)
      process.kill(pidOf(target, crashed), 'SIGKILL')
      await settle(target, listed => listed.some(({ lifecycle }) => lifecycle === 'lost'))
      expect(await target.restart?.(victims(ending, crashed), signal)).toMatchObject([
        { instance: ending, ok: false, kind: 'conflict', error: expect.stringContaining('PLM-319') },
        { instance: crashed, ok: false, kind: 'conflict', error: expect.stringContaining('PLM-319') },
      ])
    })

    it('is refused by a target that is closed', async () => {
      const target = make()
      const id = await launchReady(target)
      await target.close()
      await expect(target.restart?.(victims(id), signal)).rejects.toThrow('PLM-307')
    })
  })

  it('keeps its last 200 lines and passes every line on', async () => {
    const lines: string[] = []
    const target = make({ command: server('for(let n=1;n<=350;n++)console.log("line "+n)') }, line =>
      lines.push(line),
    )
    const id = await launchReady(target)
    await until('350 lines', () => lines.length >= 350)
    expect(target.output(id)).toHaveLength(200)
    expect(target.output(id).at(0)).toBe('line 151')
    expect(lines.at(-1)).toBe(`${id}: line 350`)
  })
})

describe('a launch of the process target', () => {
  it('says which program is missing, and lists nothing', async () => {
    const target = make({ command: ['no-such-program', '--fast'] })
    const [result] = await target.launch([{ token: 'web/1/1', zone: null }], signal)
    expect(result).toMatchObject({ token: 'web/1/1', ok: false, kind: 'misconfigured' })
    expect(result?.ok === false && result.error).toContain('PLM-300 cannot start "no-such-program --fast"')
    expect(await target.listInstances(signal)).toEqual([])
    expect(await target.check(signal)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('PLM-300'),
    })
  })

  it('says that a file may not be executed', async () => {
    const file = join(freshFolder(), 'app')
    writeFileSync(file, '#!/bin/sh\nexit 0\n', { mode: 0o644 })
    const target = make({ command: [file] })
    const [result] = await target.launch([{ token: 'web/1/1', zone: null }], signal)
    expect(result?.ok === false && result.error).toContain('PLM-301')
  })

  it('says which folder is missing', async () => {
    const target = make({ cwd: join(freshFolder(), 'gone') })
    const [result] = await target.launch([{ token: 'web/1/1', zone: null }], signal)
    expect(result?.ok === false && result.error).toContain('PLM-302')
    expect(await target.check(signal)).toMatchObject({ ok: false })
  })

  it('refuses a zone it does not have', async () => {
    const [result] = await make().launch([{ token: 'web/1/1', zone: 'north' }], signal)
    expect(result?.ok === false && result.error).toContain('PLM-311')
    const [other] = await make({ zones: ['south'] }).launch([{ token: 'web/1/1', zone: 'north' }], signal)
    expect(other?.ok === false && other.error).toContain('PLM-311')
  })

  it('launches in the zone asked for, lists it there, and tells the instance', async () => {
    const code = `require('node:http').createServer((q,r)=>r.end(String(process.env.PLIMSOLL_ZONE))).listen(process.env.PORT,process.env.HOST)`
    const target = make({ command: ['node', '-e', code], zones: ['north', 'south'] })
    expect(target.capabilities.zones).toEqual(['north', 'south'])
    await target.launch(
      [
        { token: 'web/1/1', zone: 'south' },
        { token: 'web/1/2', zone: null },
      ],
      signal,
    )
    await settle(target, all => all.every(({ lifecycle }) => lifecycle === 'ready'))
    const listed = await target.listInstances(signal)
    const told = await Promise.all(
      listed.map(async ({ address, zone }) => [zone, await (await fetch(address ?? '')).text()]),
    )
    expect(told.sort()).toEqual(
      [
        ['south', 'south'],
        [null, 'undefined'],
      ].sort(),
    )
  })

  it('may be repeated with the same token after it failed', async () => {
    const folder = freshFolder()
    const target = make({ command: server(), cwd: join(folder, 'later') })
    const order = { token: 'web/1/1', zone: null }
    expect((await target.launch([order], signal))[0]?.ok).toBe(false)
    const { mkdirSync } = await import('node:fs')
    mkdirSync(join(folder, 'later'))
    expect((await target.launch([order], signal))[0]?.ok).toBe(true)
  })

  it('leaves nothing behind when it is called off half-way', async () => {
    const target = make()
    const controller = new AbortController()
    const launch = target.launch([{ token: 'web/1/1', zone: null }], controller.signal)
    controller.abort()
    const [result] = await launch
    expect(result?.ok === false && result.error).toContain('PLM-312')
    expect(await target.listInstances(signal)).toEqual([])
    await launchReady(target)
  })

  it('of a command that exits at once is lost, with code, last words and what to do', async () => {
    const target = make({ command: ['node', '-e', `throw new Error('no database at db.example')`] })
    await launchOne(target)
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    const [lost] = await target.listInstances(signal)
    expect(lost?.detail).toContain('PLM-303')
    expect(lost?.detail).toContain('exit code 1')
    expect(lost?.detail).toContain('Error: no database at db.example')
    expect(lost?.detail).toMatch(/Run it by hand with PORT=\d+/)
  })

  it('takes another port when the command finds its own taken', async () => {
    const folder = freshFolder()
    const first = join(folder, 'first')
    const target = make({
      command: server(
        `const fs=require('node:fs');if(!fs.existsSync(${JSON.stringify(first)})){fs.writeFileSync(${JSON.stringify(first)},process.env.PORT);throw new Error('listen EADDRINUSE: address already in use 127.0.0.1:'+process.env.PORT)}`,
      ),
    })
    const id = await launchReady(target)
    const [instance] = await target.listInstances(signal)
    expect(instance?.id).toBe(id)
    expect(new URL(instance?.address ?? '').port).not.toBe(readFileSync(first, 'utf8'))
  })

  it('gives up after three taken ports, and says so', async () => {
    const target = make({
      command: ['node', '-e', `throw new Error('listen EADDRINUSE: address already in use')`],
    })
    await launchOne(target)
    await settle(target, ([instance]) => instance?.lifecycle === 'lost')
    expect((await target.listInstances(signal))[0]?.detail).toContain('PLM-310')
  })

  it('starts at the port it was told, past one that is taken', async () => {
    const taken = createServer()
    servers.push(taken)
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const target = make({ command: server(), portFrom: port })
    await Promise.all([launchReady(target, 'web/1/1'), launchReady(target, 'web/1/2')])
    const ports = (await target.listInstances(signal)).map(instance =>
      Number(new URL(instance.address ?? '').port),
    )
    expect(Math.min(...ports)).toBeGreaterThan(port)
    expect(new Set(ports).size).toBe(2)
  })

  it('is refused when no port is free', async () => {
    const taken = createServer()
    servers.push(taken)
    await new Promise<void>((resolve, reject) => {
      taken.once('error', reject)
      taken.listen(65_535, '127.0.0.1', resolve)
    })
    const [result] = await make({ portFrom: 65_535 }).launch([{ token: 'web/1/1', zone: null }], signal)
    expect(result).toMatchObject({
      ok: false,
      kind: 'unavailable',
      error: expect.stringContaining('PLM-306'),
    })
  })

  it('that never becomes ready stays booting and, before long, says what the health endpoint does', async () => {
    // It listens on a port of its own choice: the commonest mistake.
    let now = 1_000_000
    const target = createProcessTarget(
      {
        command: ['node', '-e', 'setInterval(()=>{},1e6)'],
        env: {},
        cwd: null,
        health: { path: '/health', everyMs: 20, timeoutMs: 1_000, failures: 3 },
        stopGraceMs: 500,
        portFrom: null,
      },
      { fleet: 'web', clock: { now: () => now, after: realAfter }, log: () => {} },
    )
    targets.push(target)
    await launchOne(target)
    expect((await target.listInstances(signal))[0]).toMatchObject({ lifecycle: 'booting', detail: null })
    now += 10_000
    await settle(target, ([instance]) => instance?.detail !== null)
    const [instance] = await target.listInstances(signal)
    expect(instance?.lifecycle).toBe('booting')
    expect(instance?.detail).toContain('PLM-309 not ready after 10 s')
    expect(instance?.detail).toContain('ECONNREFUSED')
  })
})

describe('the end of a process target', () => {
  it.runIf(linux)('leaves no process, guards included, and refuses later launches', async () => {
    const target = make({ command: server(`process.on('SIGTERM',()=>{})`), stopGraceMs: 300 })
    await Promise.all(['a', 'b', 'c'].map(token => launchReady(target, token)))
    const pids = [...target.processes().values()]
    const all = [...pids, ...pids.map(parentOf)]
    expect(all.filter(runs)).toHaveLength(6)
    await target.close()
    expect(all.filter(runs)).toEqual([])
    expect(await target.listInstances(signal)).toEqual([])
    await expect(target.launch([{ token: 'd', zone: null }], signal)).rejects.toThrow('PLM-307')
  })

  it('takes a launch along that is under way', async () => {
    const target = make()
    const launch = target.launch([{ token: 'web/1/1', zone: null }], signal)
    await target.close()
    await launch
    expect(await target.listInstances(signal)).toEqual([])
    expect(target.processes().size).toBe(0)
  })

  it.runIf(linux)('leaves nothing when the daemon itself is ended by kill -9', async () => {
    const folder = freshFolder()
    const script = join(folder, 'daemon.mts')
    const module = new URL('./process.ts', import.meta.url).href
    const grandchild = `require('node:child_process').spawn(process.execPath,['-e','setInterval(()=>{},1e6)'],{stdio:'ignore'})`
    writeFileSync(
      script,
      `import { createProcessTarget } from ${JSON.stringify(module)}
const target = createProcessTarget(
  { command: ${JSON.stringify(server(grandchild))}, env: { PLIMSOLL_TEST_FOLDER: ${JSON.stringify(folder)} }, cwd: null,
    health: { path: '/health', everyMs: 50, timeoutMs: 1000, failures: 3 }, stopGraceMs: 500, portFrom: null },
  { fleet: 'web', log: () => {} },
)
const signal = AbortSignal.timeout(20_000)
target.subscribe(async () => {
  const listed = await target.listInstances(signal)
  if (listed.filter(instance => instance.lifecycle === 'ready').length === 2) console.log('ready')
})
await target.launch([{ token: 'a', zone: null }, { token: 'b', zone: null }], signal)
`,
    )
    const daemon = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await new Promise<void>((resolve, reject) => {
        daemon.stdout.once('data', () => resolve())
        daemon.once('exit', code => reject(new Error(`the daemon ended with ${code}`)))
      })
      const mark = `PLIMSOLL_TEST_FOLDER=${folder}`
      await until('two instances under their guards', () => marked(mark).length === 4)
      const pids = marked(mark)
      const guards = childrenOf(daemon.pid ?? 0)
      expect(guards).toHaveLength(2)
      daemon.removeAllListeners('exit')
      daemon.kill('SIGKILL')
      await until('all of them are gone', () => [...pids, ...guards].filter(runs).length === 0)
      expect(marked(mark)).toEqual([])
    } finally {
      daemon.kill('SIGKILL')
    }
  })
})

function realAfter(ms: number, wake: () => void): () => void {
  const timer = setTimeout(wake, ms)
  return () => clearTimeout(timer)
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function everyPid(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function childrenOf(pid: number): number[] {
  return everyPid().filter(other => existsSync(`/proc/${other}`) && runs(other) && parentOf(other) === pid)
}

/** Running processes with this entry in their environment. */
function marked(mark: string): number[] {
  return everyPid().filter(pid => {
    try {
      return runs(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
    } catch {
      return false
    }
  })
}
