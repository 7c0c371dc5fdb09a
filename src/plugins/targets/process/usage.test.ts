import { spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../../../test/builders/until.ts'
import { parseStat, readUsage, sumByGroup } from './usage.ts'

const signal = AbortSignal.timeout(60_000)
const started: number[] = []

afterEach(() => {
  for (const pid of started.splice(0)) process.kill(-pid, 'SIGKILL')
})

/** Runs code as the leader of its own group; resolves once it printed something. */
async function run(code: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  await new Promise(resolve => child.stdout.once('data', resolve))
  const pid = child.pid ?? 0
  started.push(pid)
  return pid
}

async function usageOf(pid: number) {
  return (await readUsage(new Map([['web-1', pid]]), signal)).get('web-1')
}

describe('the usage of a process', () => {
  it('reads a line of /proc whose name holds spaces and brackets', () => {
    const line = '4711 (a) b (c) S 1 4711 4711 0 -1 4194304 100 0 0 0 120 30 4 6 20 0 11 0 100 1000 500'
    expect(parseStat(line)).toEqual({ zombie: false, cpuMs: 1_600 })
    expect(parseStat(line.replace(' S ', ' Z ')).zombie).toBe(true)
  })

  it('counts what a descendant burns and holds', async () => {
    const burn = 'const held=Buffer.alloc(64*1024*1024,1);console.log(held.length);for(;;);'
    const pid = await run(
      `require('node:child_process').spawn(process.execPath,['-e',${JSON.stringify(burn)}],{stdio:'inherit'});setInterval(()=>{},1e6)`,
    )
    const first = await usageOf(pid)
    const now = await until('CPU time is counted', async () => {
      const usage = await usageOf(pid)
      return (usage?.cpuMs ?? 0) >= (first?.cpuMs ?? 0) + 200 && usage
    })
    expect(now.pid).toBe(pid)
    expect(now.memoryBytes).toBeGreaterThan(64 * 1024 * 1024)
    expect(now.memoryBytes).toBeLessThan(2 ** 32)
  })

  it('is absent, not zero, for a process that does not exist', async () => {
    expect(await usageOf(2 ** 22 + 1)).toBeUndefined()
  })

  it('is not read at all once called off', async () => {
    await expect(readUsage(new Map(), AbortSignal.abort())).rejects.toThrow()
  })

  it('sums by process group where only ps is there', () => {
    const text = [
      '  4711   0:01.50  1000',
      '  4711   1:00.25   500',
      '  4712 1-02:03:04    70',
      'nonsense',
    ].join('\n')
    const leaders = new Map([
      ['web-1', 4711],
      ['web-2', 4712],
      ['web-3', 4713],
    ])
    expect([...sumByGroup(text, leaders, 5)]).toEqual([
      ['web-1', { pid: 4711, cpuMs: 61_750, memoryBytes: 1_536_000, atMs: 5 }],
      ['web-2', { pid: 4712, cpuMs: 93_784_000, memoryBytes: 71_680, atMs: 5 }],
    ])
  })
})
