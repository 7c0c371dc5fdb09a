import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { workerFile } from '../../cli/tune/with-crew.ts'
import type { LoadTrace } from '../trace.ts'
import { Crew, type MakeJob } from './crew.ts'
import type { JobSetting } from './job.ts'

const BINS = 300

const trace: LoadTrace = {
  kind: 'load',
  name: 'wave',
  startAt: 0,
  stepMs: 60_000,
  length: BINS,
  columns: { value: Float64Array.from({ length: BINS }, (_, bin) => 400 + 300 * Math.sin(bin / 30)) },
  repairs: [],
}

const setting: JobSetting = {
  trace,
  feeds: { loadColumn: null, instancesColumn: null, sources: {} },
  model: { perInstance: 100 },
  seed: 1,
}

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-crew-'))
afterAll(() => rmSync(folder, { recursive: true }))

let open: Crew[] = []
afterEach(async () => {
  await Promise.all(open.map(crew => crew.close()))
  open = []
})

function crewOf(workers: number, program = workerFile()): Crew {
  const crew = new Crew({ workers, program, setting })
  open.push(crew)
  return crew
}

/** A process of another mind. */
function program(name: string, text: string): URL {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, text)
  return pathToFileURL(path)
}

function jobs(count: number): readonly MakeJob[] {
  return Array.from({ length: count }, (_, number): MakeJob => {
    const fleet = fleetSpec({
      min: 1,
      max: 20,
      rules: [
        { name: 'up', when: `avg(cpu, 5m) > ${60 + number}%`, by: 1 },
        { name: 'down', when: 'avg(cpu, 5m) < 40%', by: -1 },
      ],
    })
    return () => ({
      fleet,
      schedules: {},
      bins: BINS,
      parts: [
        [0, 200],
        [200, BINS],
      ],
    })
  })
}

describe('a crew', () => {
  it('comes to the same results in the same order, however many they are', async () => {
    const one = await crewOf(1).all(jobs(12))
    const three = await crewOf(3).all(jobs(12))
    const plain = (results: typeof one) =>
      results.map(scores => scores?.map(each => ({ ...each, ticksPerSecond: null })))
    expect(plain(three)).toEqual(plain(one))
    expect(new Set(one.map(scores => scores?.[0]?.instanceHours)).size).toBeGreaterThan(6)
    expect(one.every(scores => scores?.length === 2)).toBe(true)
  })

  it('passes over what there is nothing to do for', async () => {
    const make = jobs(3).map((job, index): MakeJob => (index === 1 ? () => null : job))
    const told: number[] = []
    const results = await crewOf(2).all(make, index => void told.push(index))
    expect(results.map(scores => scores === null)).toEqual([false, true, false])
    expect(told.sort()).toEqual([0, 2])
  })

  it('of an empty list is done at once', async () => {
    expect(await crewOf(1).all([])).toEqual([])
    expect(await crewOf(1).all([() => null])).toEqual([null])
  })

  it('stopped finishes what was begun, and serves the next list', async () => {
    const crew = crewOf(2)
    const told: number[] = []
    const results = await crew.all(jobs(40), index => {
      told.push(index)
      if (told.length === 3) crew.stop()
    })
    const done = results.filter(scores => scores !== null).length
    expect(done).toBe(told.length)
    expect(done).toBeLessThan(8)
    expect((await crew.all(jobs(4))).every(scores => scores !== null)).toBe(true)
  })

  it.each([
    ['exits', onJob('process.exit(3)'), 'it ended with code 3'],
    ['is ended', onJob("process.kill(process.pid, 'SIGKILL')"), 'it was ended by SIGKILL'],
    ['throws', onJob("throw new Error('the moon fell')"), 'the moon fell'],
    ['cannot start', "throw new Error('no moon')", 'no moon'],
    [
      'has no memory left',
      onJob('const all = []; for (;;) all.push(new Array(1e6).fill(all.length))'),
      'memory',
    ],
  ])('whose process %s fails with the reason, and does not hang', async (name, text, because) => {
    // Unlike one of ours, one without memory must not take a machine's worth first.
    const crew =
      name === 'has no memory left'
        ? new Crew({ workers: 1, program: program('memory', text), setting, mostHeapMb: 40 })
        : crewOf(2, program(name.replaceAll(' ', '-'), text))
    open.push(crew)
    await expect(crew.all(jobs(6))).rejects.toMatchObject({
      code: 'PLM-745',
      message: expect.stringContaining(because),
    })
    await expect(crew.all(jobs(1))).rejects.toMatchObject({ code: 'PLM-745' })
  })

  it('fails with what a replay refuses, under its own code', async () => {
    const fleet = fleetSpec({
      metrics: { orders: { kind: 'independent' } },
      rules: [{ when: 'last(orders) > 1', by: 1 }],
    })
    const job: MakeJob = () => ({ fleet, schedules: {}, bins: BINS, parts: [] })
    await expect(crewOf(1).all([job])).rejects.toMatchObject({ name: 'LabError', code: 'PLM-722' })
  })

  it('fails with what goes wrong while a job is made', async () => {
    const make: MakeJob = () => {
      throw new Error('cannot be made')
    }
    await expect(crewOf(1).all([make])).rejects.toThrow('cannot be made')
  })

  it('says how much each process did since it was last asked', async () => {
    const crew = crewOf(2)
    await crew.all(jobs(6))
    const efforts = crew.efforts()
    expect(efforts).toHaveLength(2)
    for (const { busyShare, cpuMs } of efforts) {
      expect(busyShare).toBeGreaterThan(0)
      expect(busyShare).toBeLessThanOrEqual(1)
      expect(cpuMs).toBeGreaterThan(0)
    }
    expect(crew.efforts().map(({ cpuMs }) => cpuMs)).toEqual([0, 0])
  })

  it('leaves no process behind, not even in the middle of its work', async () => {
    const crew = crewOf(2, program('endless', onJob('for (;;);')))
    const working = crew.all(jobs(2))
    await crew.close()
    expect(crew.pids.every(pid => !isAlive(pid))).toBe(true)
    await expect(Promise.race([working, 'not done'])).resolves.toBe('not done')
  })
})

function onJob(text: string): string {
  return `process.on('message', order => { if (order.job) { ${text} } })`
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
