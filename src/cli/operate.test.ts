/** The commands that operate a daemon, run in this process against a real one. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import {
  type Operated,
  type OperatedOptions,
  openOperated,
  operatedText,
} from '../../test/builders/operated.ts'
import type { Mode } from '../model/spec.ts'
import type { Io } from './io.ts'

let ends: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

type Run = (line: string, change?: Partial<Io>) => Promise<Captured>

async function open(
  mode: Mode,
  options?: OperatedOptions,
): Promise<{ daemon: Operated; scene: Scene; run: Run }> {
  const daemon = await openOperated(mode, options)
  ends.push(() => daemon.end())
  const scene = openScene()
  ends.push(() => scene.end())
  const change = { now: () => Date.now() }
  const run: Run = (line, more) => scene.run([...words(line), '--url', daemon.url], { ...change, ...more })
  return { daemon, scene, run }
}

/** Split at spaces, but for what stands in double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)
}

describe('operating a fleet', () => {
  it('pauses with an end, says so, and goes on', async () => {
    const { daemon, run } = await open('scale')
    const paused = await run('pause web --for 2h --who ada --why "moving disks"')
    expect(paused).toMatchObject({ code: 0, err: '' })
    expect(paused.out).toMatch(/^web: paused, until .*\d\d:\d\d:\d\d\n$/)
    await daemon.until(({ decision }) =>
      decision.because.startsWith('paused by ada (moving disks), for another'),
    )
    expect((await run('overrides web')).out).toMatch(
      /^[0-9a-f]{8} {2}web: paused, until .*, by ada \(moving disks\)\n$/,
    )
    expect(await run('resume web')).toMatchObject({ code: 0, out: 'web goes on\n' })
    expect((await run('resume web')).out).toBe('web was not paused\n')
    expect((await run('overrides web')).out).toBe('web is as configured\n')
  })

  it('sets the capacity and gives it back', async () => {
    const { daemon, run } = await open('scale')
    expect((await run('set-capacity web 5')).out).toBe('web: capacity set to 5, until it is cleared\n')
    await daemon.until(({ decision }) => decision.desired === 5)
    expect((await run('set-capacity web as-configured')).out).toBe('web: capacity as configured\n')
    await daemon.until(({ decision }) => decision.bounds.constraint === 'capacity')
  })

  it('changes the mode, which is enforced', async () => {
    const { daemon, run } = await open('recommend')
    expect((await run('mode web scale --for 90m')).out).toMatch(/^web: mode scale, until /)
    await daemon.until(({ outcomes }) => outcomes.length === 2)
    expect((await run('mode web as-configured')).out).toBe('web: mode as configured\n')
  })

  it('lists rules as they are now, switches and ranks them', async () => {
    const { run } = await open('scale')
    await run('rules disable web up --who ada --for 1h')
    await run('rules rank web "far up" 42')
    const { out } = await run('rules list web')
    expect(out).toMatch(/^RULE +RANK +WHEN +CHANGED BY HAND$/m)
    expect(out).toMatch(/^up +10 +off +last\(orders\) > 100 +switch by ada until /m)
    expect(out).toMatch(/^far up +42 +on +last\(orders\) > 1000 +rank by /m)
    await run('rules enable web up')
    await run('rules reset web "far up"')
    const json = JSON.parse((await run('rules list web --json')).out)
    expect(json.rules).toMatchObject([
      { name: 'up', enabled: true, overrides: [{ change: { enabled: true }, until: null }] },
      { name: 'far up', rank: 5, overrides: [] },
    ])
  })

  it('lists what waits, approves and rejects', async () => {
    const { daemon, run } = await open('notify')
    const { approval } = await daemon.until(entry => entry.approval?.state === 'waiting')
    const id = approval?.id ?? ''
    expect((await run('approvals')).out).toMatch(
      new RegExp(`^${id} {2}web 0 -> 2, until .*: every rule is without data, so the default of 2\n$`),
    )
    expect((await run(`approve ${id} --who ada`)).out).toBe('web: 0 -> 2 is approved\n')
    await daemon.until(({ outcomes }) => outcomes.length === 2)
    expect((await run('approvals')).out).toBe('No decision waits for an approval.\n')
    const late = await run(`reject ${id}`)
    expect(late).toMatchObject({ code: 2, out: '' })
    expect(late.err).toContain('PLM-472')
  })

  it('tells who did what and why, the user of this machine where nobody is named', async () => {
    const { run } = await open('scale')
    await run('pause web --who ada --why "moving disks"')
    await run('resume web')
    const { out } = await run('acts web')
    const [newest, oldest] = out.trimEnd().split('\n')
    expect(newest).toContain(`${userInfo().username} cleared: paused`)
    expect(oldest).toMatch(/ada set: paused, until it is cleared \(moving disks\)$/)
    expect(JSON.parse((await run('acts web --json -n 1')).out)).toMatchObject({ acts: [{ act: 'cleared' }] })
  })

  it('answers as JSON what the API answers', async () => {
    const { run } = await open('scale')
    const json = JSON.parse((await run('set-capacity web 5 --for 1h --json')).out)
    expect(json.override).toMatchObject({ fleet: 'web', change: { kind: 'capacity', count: 5 } })
    expect(json.override.until).toMatch(/^\d{4}-.*Z$/)
  })
})

describe('configurations', () => {
  it('are applied, listed and rolled back', async () => {
    const { daemon, scene, run } = await open('scale')
    const from = daemon.daemon.spec().digest
    scene.file('next.yaml', operatedText({ max: 12 }))
    const applied = await run('apply next.yaml --why "more at noon"')
    expect(applied).toMatchObject({ code: 0 })
    const digest = daemon.daemon.spec().digest
    expect(applied.out).toBe(
      `${digest} is in force, instead of ${from} (plimsoll rollback ${from} goes back)\n`,
    )
    expect((await run('apply next.yaml')).out).toContain('was in force already')
    const versions = (await run('versions')).out.trimEnd().split('\n')
    expect(versions[0]).toMatch(new RegExp(`^${digest} .* in force$`))
    expect(versions[1]).toMatch(new RegExp(`^${from} `))
    expect((await run('rollback')).out).toContain(`${from} is in force, instead of ${digest}`)
    expect(daemon.text()).toBe(operatedText())
    expect((await run('rollback ffff')).err).toContain('PLM-478')
  })

  it('with problems are refused with every place, and exit code 2', async () => {
    const { scene, run } = await open('scale')
    scene.file('bad.yaml', operatedText().replace('by: 1', 'bye: 1').replace('min: 2', 'min: x'))
    const { code, out, err } = await run('apply bad.yaml')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('PLM-474')
    expect(err).toMatch(/:9:\d+/)
    expect(err).toMatch(/:12:\d+/)
    expect(await run('apply missing.yaml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-503'),
    })
  })
})

describe('finding the daemon', () => {
  async function closedPort(): Promise<number> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    await new Promise(resolve => server.close(resolve))
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  it('says that none runs, and what to do (PLM-511), exit code 1', async () => {
    const { scene } = await open('scale')
    const url = `http://127.0.0.1:${await closedPort()}`
    for (const line of ['pause web', 'approvals', 'rules list web', 'rollback', 'approve web-1']) {
      const { code, out, err } = await scene.run([...words(line), '--url', url])
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(/PLM-511: Tried .*: nothing listens there. Nothing was changed.*plimsoll run FILE/)
    }
  })

  it('goes by the address and the token of the configuration in the folder', async () => {
    const token = 'correct horse battery staple'
    const { daemon, scene } = await open('scale', { token })
    const listen = new URL(daemon.url).host
    const text = operatedText({ token })
      .replace('127.0.0.1:0', listen)
      .replace('{ type: pretend }', '{ type: process, command: ["true"] }')
    writeFileSync(join(scene.cwd, 'plimsoll.yaml'), text)
    expect(await scene.run(['pause', 'web'])).toMatchObject({ code: 0 })
    expect(await scene.run(['resume', 'web', '--config', 'plimsoll.yaml'])).toMatchObject({ code: 0 })
    const refused = await scene.run(['pause', 'web', '--url', daemon.url])
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('PLM-512') })
    const env = { PLIMSOLL_TOKEN: token }
    expect(await scene.run(['pause', 'web', '--url', daemon.url], { env })).toMatchObject({ code: 0 })
  })

  it.each([
    'pause',
    'set-capacity web many',
    'set-capacity web 1.5',
    'mode web sleep',
    'pause web --for soon',
    'pause web --for 0s',
    'rules rank web up high',
    'pause web --url nonsense',
    'pause web --url http://127.0.0.1:1 --config x.yaml',
  ])('refuses "plimsoll %s" before it asks anyone (PLM-501)', async line => {
    const scene = openScene()
    ends.push(() => scene.end())
    const { code, err } = await scene.run(words(line))
    expect(code).toBe(2)
    expect(err).toContain('PLM-501')
  })

  it('gives the daemon’s own words for what it refuses, exit code 2 for what was named wrongly', async () => {
    const { run } = await open('scale')
    const { code, out, err } = await run('pause wep')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toBe('plimsoll: PLM-461: There is no fleet "wep". Fleets: web.\n')
  })
})
