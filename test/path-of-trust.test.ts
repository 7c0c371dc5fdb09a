/**
 * docs/path-of-trust.md, taken as a reader would: every command of it in order, by real processes, on a fake Azure whose autoscaler is
 * played by the test. And the picture and the words that the page shows are what `plimsoll compare` makes of a made-up week.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../src/config/load.ts'
import { compare } from '../src/lab/compare/comparison.ts'
import { svgComparison } from '../src/lab/compare/picture.ts'
import { ComparedRecord } from '../src/lab/compare/record.ts'
import { textComparison } from '../src/lab/compare/text.ts'
import { FakeArm } from './azure/arm.ts'
import { openDoor } from './azure/door.ts'
import { FakeMonitor, WEB } from './azure/monitor.ts'
import { weekBeside } from './builders/beside.ts'
import { type Folder, freePort, inFolder, REPOSITORY, type RunningDaemon } from './builders/real.ts'
import { until as untilWithin } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for all of them on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const PAGE = readFileSync(path.join(REPOSITORY, 'docs/path-of-trust.md'), 'utf8')
const SETTING = path.join(REPOSITORY, 'examples/path-of-trust/web-autoscale.json')

/** The blocks of a language, in order. */
function blocks(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ({ 1: text = '' }) => text,
  )
}

const COMMANDS = blocks('sh').flatMap(text => text.trimEnd().split('\n'))

function wordsOf(command: string): readonly string[] {
  return (command.match(/"[^"]*"|\S+/g) ?? []).slice(1).map(word => word.replaceAll('"', ''))
}

/** What the page has its reader write into the file. */
function withKpi(text: string): string {
  const anchor = '    # A fixed date goes before'
  expect(text).toContain(anchor)
  return text.replace(anchor, `${blocks('yaml')[0] ?? ''}${anchor}`)
}

/** Long enough for a machine that does much else. */
const until: typeof untilWithin = (what, probe) => untilWithin(what, probe, 60_000)

const ends: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const end of ends.splice(0).reverse()) await end()
})

interface Cloud {
  readonly arm: FakeArm
  readonly monitor: FakeMonitor
}

/** Three VMs, a quiet week, and much to do for the last half an hour and for as long as the test lasts. */
async function cloud(folder: Folder): Promise<Cloud> {
  const arm = await FakeArm.start()
  ends.push(() => arm.stop())
  const monitor = await FakeMonitor.start(() => Date.now())
  ends.push(() => monitor.stop())
  const door = await openDoor()
  ends.push(() => door.close())
  for (const [name, value] of Object.entries(door.environment)) vi.stubEnv(name, value)
  vi.stubEnv('NODE_EXTRA_CA_CERTS', folder.write('cloud.pem', `${arm.cert}\n${monitor.cert}`))
  const now = Date.now()
  for (let n = 0; n < 3; n += 1) arm.addVm()
  for (let at = now - 7 * DAY; at < now + 10 * MINUTE; at += at < now - DAY ? 10 * MINUTE : MINUTE) {
    const value = at < now - 30 * MINUTE ? 50 + 15 * Math.sin((at / DAY) * 2 * Math.PI) : 85
    for (const name of ['web_0', 'web_1', 'web_2'])
      monitor.put(WEB, 'Percentage CPU', at, value, { VMName: name })
  }
  return { arm, monitor }
}

/** The same rules at a pace for a test, in a cloud for a test. */
async function hurry(folder: Folder, { arm, monitor }: Cloud): Promise<void> {
  const edits: readonly (readonly [string, string])[] = [
    ['plimsoll: 1\n', `plimsoll: 1\napi: { listen: "127.0.0.1:${await freePort()}" }\n`],
    ['scaleSet: "web" }', `scaleSet: "web", endpoint: "${arm.endpoint}", listingLag: 0s }`],
    // By instance, windows would begin with the minute in which Plimsoll first sees each.
    ['region: westeurope, instance: VMName', `endpoint: "${monitor.endpoint}"`],
    ['    every: 1m\n', '    every: 250ms\n'],
    ['cooldown: 10m', 'cooldown: 1s'],
  ]
  let text = withKpi(folder.read('plimsoll.yaml'))
  for (const [from, to] of edits) {
    expect(text).toContain(from)
    text = text.replaceAll(from, to)
  }
  folder.write('plimsoll.yaml', text)
}

const Web = z.looseObject({
  mode: z.string(),
  current: z.number().nullable(),
  desired: z.number().nullable(),
  revision: z.number().nullable(),
  because: z.string().nullable(),
  approval: z.looseObject({ id: z.string(), state: z.string() }).nullable(),
})

async function web(daemon: RunningDaemon) {
  return Web.parse(await daemon.fleet('web'))
}

function seen(daemon: RunningDaemon, current: number, desired: number) {
  return until(`${desired} are wanted of ${current}`, async () => {
    const now = await web(daemon)
    if (now.current === current && now.desired === desired) return true
    throw new Error(`${now.current} -> ${now.desired}, because ${now.because}`)
  })
}

async function ticksOn(daemon: RunningDaemon, ticks: number): Promise<void> {
  const { revision } = await web(daemon)
  await until('it has ticked on', async () => ((await web(daemon)).revision ?? 0) >= (revision ?? 0) + ticks)
}

/** Everything that changed something in Azure. */
function writes({ arm }: Cloud): readonly string[] {
  return arm.asked
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path: where }) => `${method} ${where}`)
}

/** What it has its reader install is what Plimsoll loads where it is there. */
function expectPeers(command: string): void {
  const manifest = readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')
  const { peerDependencies } = z
    .looseObject({ peerDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(manifest))
  expect(command).toMatch(/^npm install @azure/)
  expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining(command.split(' ').slice(2)))
}

class Reader {
  readonly said = new Map<string, string>()
  readonly #folder: Folder
  readonly #cloud: Cloud
  #daemon: RunningDaemon | null = null
  /** Azure's own autoscaler. */
  #azureScales = true

  constructor(folder: Folder, cloud: Cloud) {
    this.#folder = folder
    this.#cloud = cloud
  }

  get daemon(): RunningDaemon {
    if (this.#daemon === null) throw new Error('the page has not run it yet')
    return this.#daemon
  }

  async take(command: string): Promise<void> {
    const [program = ''] = command.split(' ')
    await this.#before(command)
    if (program === 'plimsoll') await this.#plimsoll(command)
    else if (program === 'az') this.#az(command)
    else if (program === 'sed') execFileSync('/bin/sh', ['-c', command], { cwd: this.#folder.path })
    else expectPeers(command)
    await this.#after(command)
  }

  async #plimsoll(command: string): Promise<void> {
    const words = wordsOf(command)
    if (words[0] === 'run') {
      this.#daemon = this.#folder.run(words[1] ?? '')
      return
    }
    const { approval } = this.#daemon === null ? { approval: null } : await web(this.#daemon)
    const { code, out, err } = await this.#folder.plimsoll(
      ...words.map(word => (word === 'web-42' ? (approval?.id ?? 'none') : word)),
    )
    const failed = code === 0 ? '' : out
    expect({ command, failed, err: words[0] === 'import' ? '' : err }).toEqual({
      command,
      failed: '',
      err: '',
    })
    this.said.set(command, out)
  }

  #az(command: string): void {
    if (command.includes(' show ')) {
      const [, file = ''] = /> (\S+)$/.exec(command) ?? []
      this.#folder.copy(SETTING, file)
      return
    }
    expect(command).toMatch(
      /^az monitor autoscale update --resource-group fleet-rg --name web-scale --enabled (true|false)$/,
    )
    this.#azureScales = command.endsWith('true')
  }

  async #before(command: string): Promise<void> {
    if (command.startsWith('plimsoll doctor')) await hurry(this.#folder, this.#cloud)
    if (command.startsWith('plimsoll compare plimsoll.yaml --since 7d -o')) {
      // What a week has in it: too few, until Azure sees it too.
      await seen(this.daemon, 3, 4)
      expect(this.#azureScales).toBe(true)
      this.#cloud.arm.addVm()
      await until('it knows the fourth', async () => (await web(this.daemon)).current === 4)
      await seen(this.daemon, 4, 5)
    }
    if (command === 'plimsoll approvals') {
      await until('it asks', async () => (await web(this.daemon)).approval?.state === 'waiting')
    }
  }

  async #after(command: string): Promise<void> {
    const { arm } = this.#cloud
    if (command === 'plimsoll run plimsoll.yaml') await seen(this.daemon, 3, 4)
    if (command.startsWith('plimsoll compare')) expect(writes(this.#cloud)).toEqual([])
    if (command.startsWith('plimsoll mode web notify')) {
      expect(this.#azureScales).toBe(false)
      await ticksOn(this.daemon, 3)
      expect(writes(this.#cloud)).toEqual([])
    }
    if (command.startsWith('plimsoll approve')) await until('the fifth is there', () => arm.capacity === 5)
    if (command === 'plimsoll mode web as-configured' && !this.#azureScales) {
      await until('it scales to its most', () => arm.capacity === 6)
    }
    if (command.startsWith('plimsoll mode web recommend')) {
      await until('it lets go', async () => (await web(this.daemon)).mode === 'recommend')
    }
  }
}

describe('docs/path-of-trust.md', () => {
  it('is a path: each of its commands works, in order, and nothing is touched before the fifth step', async () => {
    await inFolder(async folder => {
      const azure = await cloud(folder)
      const reader = new Reader(folder, azure)
      for (const command of COMMANDS) await reader.take(command)

      const { said, daemon } = reader
      const answer = (start: string) => [...said].find(([command]) => command.startsWith(start))?.[1] ?? ''
      expect(answer('plimsoll backtest')).toMatch(/^SCORE .* web +as recorded$/m)
      expect(answer('plimsoll compare plimsoll.yaml --since 7d -o')).toContain('they 3, Plimsoll 4')
      expect(answer('plimsoll compare plimsoll.yaml --since 7d -o')).toMatch(/^changes +1 /m)
      expect(folder.read('week.html')).toContain('they 3, Plimsoll 4')
      // The week took seconds, in which no minute of Azure's ended: it is compared, and there is nothing to play yet.
      const beside = answer('plimsoll compare plimsoll.yaml --since 7d --replay')
      expect(beside).toContain('web, and what Plimsoll recommended beside it')
      expect(beside).toMatch(/^SCORE .* web +as recorded$|was not played\. PLM-735: Column percentage_cpu/m)
      expect(answer('plimsoll approvals')).toMatch(/^web-\d+ {2}web 4 -> 5/)
      expect(answer('plimsoll diff')).toContain('mode recommend -> scale')
      expect(answer('plimsoll history')).toContain('5 -> 6')

      // The way back: the file is the one from before, and whatever happens, nothing is done any more.
      expect(folder.read('plimsoll.yaml')).toContain('mode: recommend')
      const before = writes(azure).length
      expect(before).toBeGreaterThan(0)
      azure.arm.removeVm('0')
      await seen(daemon, 5, 6)
      await ticksOn(daemon, 3)
      expect(writes(azure)).toHaveLength(before)
      expect(azure.arm.lowered).toBe(0)
      const later = await folder.plimsoll('compare', 'plimsoll.yaml')
      expect(later.out).toContain('Plimsoll scaled it itself')
      expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    })
  })

  it('shows the picture and the words of a week', async () => {
    await inFolder(async folder => {
      folder.copy(SETTING, 'web-autoscale.json')
      await folder.plimsoll('import', 'azure', 'web-autoscale.json', '-o', 'plimsoll.yaml')
      folder.write('plimsoll.yaml', withKpi(folder.read('plimsoll.yaml')))
      const loaded = await loadConfig(folder.in('plimsoll.yaml'))
      if (!loaded.ok) throw new Error('the configuration is wrong')
      const from = Date.parse('2026-11-16T00:00:00Z')
      const record = new ComparedRecord()
      const entries = [...weekBeside(loaded.loaded.spec, 'web', from)].flatMap(({ entry }) => entry ?? [])
      for (const entry of entries.reverse()) record.take(entry)
      const { sightings, removals, isCut } = record
      const window = { from, to: from + 7 * DAY }
      const week = compare({ fleet: 'web', window, sightings, removals, isCut, before: null })
      await expect(svgComparison(week, 'Europe/Berlin')).toMatchFileSnapshot('../docs/images/compare.svg')
      const told = textComparison(week, { timeZone: 'Europe/Berlin', width: 100, most: 10, replay: null })
      expect(told).toContain(blocks('text')[0] ?? 'no words')
    })
  })
})
