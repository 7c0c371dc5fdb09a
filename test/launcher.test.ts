/**
 * bin/plimsoll.js as a real process: under a Node that is too old it runs itself with the pinned one, passing on signals
 * and the exit code; else it says in one line what it needs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const repository = path.dirname(import.meta.dirname)

/** Makes the Node it is given to believe that it is of that version. */
const posing = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`,
]

/** What stands for the command line: says that it is ready, and ends with 7 on a signal. */
const MAIN = `
export function runProcess() {
  console.log('node ' + process.versions.node + ' argv ' + JSON.stringify(process.argv.slice(2)))
  if (process.argv[2] !== 'wait') { process.exitCode = 3; return }
  const timer = setInterval(() => {}, 1000)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { console.log('got ' + signal); clearInterval(timer); process.exitCode = 7 })
  console.log('ready')
}
`

let home: string
const children: ChildProcess[] = []
beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), 'plimsoll-launcher-')))
  mkdirSync(path.join(home, 'bin'))
  cpSync(path.join(repository, 'bin/plimsoll.js'), path.join(home, 'bin/plimsoll.js'))
  writeFileSync(path.join(home, 'package.json'), '{ "type": "module" }')
})
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

function build(): void {
  mkdirSync(path.join(home, 'dist/cli'), { recursive: true })
  writeFileSync(path.join(home, 'dist/cli/main.js'), MAIN)
}

function pin(): void {
  const binary = path.join(home, 'node_modules/node/bin/node')
  mkdirSync(path.dirname(binary), { recursive: true })
  writeFileSync(binary, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} "$@"\n`)
  chmodSync(binary, 0o755)
}

interface Launched {
  readonly child: ChildProcess
  said(what: string): Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>
}

function launch(nodeOptions: readonly string[], ...argv: string[]): Launched {
  const child = spawn(process.execPath, [...nodeOptions, path.join(home, 'bin/plimsoll.js'), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let out = ''
  let err = ''
  const listeners = new Set<() => void>()
  child.stdout.on('data', chunk => {
    out += String(chunk)
    for (const listener of listeners) listener()
  })
  child.stderr.on('data', chunk => {
    err += String(chunk)
  })
  return {
    child,
    said: what =>
      new Promise(resolve => {
        const look = () => {
          if (out.includes(what)) resolve()
        }
        listeners.add(look)
        look()
      }),
    ended: new Promise(resolve => child.once('close', code => resolve({ code, out, err }))),
  }
}

describe('the launcher', () => {
  it('runs on a Node that is new enough', async () => {
    build()
    const { code, out, err } = await launch([], 'a', 'b c').ended
    expect({ code, err }).toEqual({ code: 3, err: '' })
    expect(out).toBe(`node ${process.versions.node} argv ["a","b c"]\n`)
  })

  it.each(['12.20.0', '20.20.2', '22.13.1'])('runs itself with the pinned Node under %s', async version => {
    build()
    pin()
    const { code, out, err } = await launch(posing(version), 'a', 'b c').ended
    expect({ code, err }).toEqual({ code: 3, err: '' })
    expect(out).toBe(`node ${process.versions.node} argv ["a","b c"]\n`)
  })

  it('does not need the pinned one under 22.14.0', async () => {
    build()
    const { out } = await launch(posing('22.14.0')).ended
    expect(out).toContain('node 22.14.0')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'passes %s on, waits, and ends with the same code',
    async signal => {
      build()
      pin()
      const launched = launch(posing('20.20.2'), 'wait')
      await launched.said('ready')
      launched.child.kill(signal)
      const { code, out } = await launched.ended
      expect(out.match(/got \w+/g)).toEqual([`got ${signal}`])
      expect(code).toBe(7)
    },
  )

  it('says in one line what it needs when there is no pinned one', async () => {
    build()
    const { code, out, err } = await launch(posing('20.20.2')).ended
    expect(err).toBe(
      `plimsoll needs Node 22.14 or newer; this is 20.20.2. Install a newer one (https://nodejs.org), or run \`npm ci\` in ${home} to get the pinned one.\n`,
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it('says how to build it when it is not built', async () => {
    const { code, err } = await launch([]).ended
    expect(err).toMatch(/^plimsoll is not built yet .* Run `npm run build` in .*\.\n$/)
    expect(code).toBe(2)
  })
})

describe('the built command', () => {
  const run = (...argv: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>(resolve => {
      const child = spawn(process.execPath, [path.join(repository, 'bin/plimsoll.js'), ...argv], {
        stdio: 'pipe',
      })
      children.push(child)
      let out = ''
      let err = ''
      child.stdout.on('data', chunk => {
        out += String(chunk)
      })
      child.stderr.on('data', chunk => {
        err += String(chunk)
      })
      child.once('close', code => resolve({ code, out, err }))
    })

  it('validates the quickstart', async () => {
    const { code, out } = await run('validate', path.join(repository, 'examples/quickstart/plimsoll.yaml'))
    expect(out).toContain('is valid: 2 fleets')
    expect(code).toBe(0)
  })

  it('ends with 2 on a mistake and 1 on a failure', async () => {
    expect(await run('statsu')).toMatchObject({ code: 2, out: '' })
    expect(await run('status', '--state', path.join(home, 'nowhere.db'))).toMatchObject({ code: 1, out: '' })
  })

  it('reads an observation from its input', async () => {
    const config = path.join(home, 'plimsoll.yaml')
    writeFileSync(config, 'plimsoll: 1\nfleets: { web: { capacity: { min: 3, max: 5 } } }\n')
    const child = spawn(process.execPath, [
      path.join(repository, 'bin/plimsoll.js'),
      'decide',
      config,
      '--observation',
      '-',
      '--json',
    ])
    children.push(child)
    let out = ''
    child.stdout.on('data', chunk => {
      out += String(chunk)
    })
    child.stdin.end('{"at":"2026-11-21T12:00:00Z","fleets":{"web":{"open":1}}}')
    await new Promise(resolve => child.once('close', resolve))
    expect(JSON.parse(out)).toMatchObject({ fleets: { web: { current: 1, desired: 3, rule: 'capacity' } } })
  })
})
