import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../test/builders/until.ts'
import { quoteText, runCommand } from './command.ts'

const NODE = process.execPath
const script = (source: string) => [NODE, '-e', source]
const FOREVER = 'setInterval(() => {}, 1000)'

describe('running a command', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-command-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const run = (argv: readonly string[], parts: Partial<Parameters<typeof runCommand>[1]> = {}) =>
    runCommand(argv, { input: null, timeoutMs: 20_000, signal: AbortSignal.timeout(25_000), ...parts })

  /** Resolves when the file is there, with its text. */
  function appears(name: string): Promise<string> {
    return until(`${name} is written`, () => {
      const text = readFileSync(join(folder, name), 'utf8')
      return text.endsWith('\n') && text.trim()
    })
  }

  /** Resolves when no process has this id any more. */
  async function ends(pid: number): Promise<void> {
    await until(`process ${pid} is gone`, () => !isRunning(pid))
  }

  it('gives it JSON on its input and answers what it prints', async () => {
    const argv = script(
      `let s = ''; process.stdin.on('data', d => s += d).on('end', () => console.log(JSON.parse(s).a + 1))`,
    )
    expect(await run(argv, { input: { a: 41 } })).toBe('42\n')
  })

  it('starts no shell: every argument arrives as it was written', async () => {
    const odd = ['$HOME', '; echo x', 'a b', '*', '"', '']
    const printed = await run([
      NODE,
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      ...odd,
    ])
    expect(JSON.parse(printed)).toEqual(odd)
  })

  it('gives it the environment asked for beside its own', async () => {
    const argv = script('console.log(process.env.PLIMSOLL_FLEET, process.env.PATH !== undefined)')
    expect(await run(argv, { env: { PLIMSOLL_FLEET: 'web' } })).toBe('web true\n')
  })

  it('answers all of a large output, and is not disturbed by a command that does not read its input', async () => {
    const printed = await run(script(`process.stdout.write('x'.repeat(900_000))`), {
      input: 'y'.repeat(2_000_000),
    })
    expect(printed).toHaveLength(900_000)
  })

  it.each([
    [1, 'unavailable'],
    [64, 'misconfigured'],
    [69, 'unavailable'],
    [75, 'throttled'],
    [77, 'refused'],
    [78, 'misconfigured'],
    [126, 'misconfigured'],
    [127, 'misconfigured'],
  ])('takes exit code %i for %s, with the end of what it printed', async (code, kind) => {
    const failing = run(
      script(`console.error('x'.repeat(5000) + 'disk on fire'); process.exitCode = ${code}`),
    )
    await expect(failing).rejects.toMatchObject({ name: 'PluginError', kind, started: true })
    await expect(failing).rejects.toThrow(
      new RegExp(`^PLM-352 .* exited with code ${code}. It printed: .*disk on fire"$`),
    )
    const message = await failing.catch((error: unknown) => String(error))
    expect(message.length).toBeLessThan(1000)
  })

  it('says when it was ended by a signal', async () => {
    const failing = run(script(`process.kill(process.pid, 'SIGSEGV')`))
    await expect(failing).rejects.toThrow(/^PLM-352 .* was ended by SIGSEGV. It printed no error.$/)
  })

  it('is misconfigured when there is no such program, and says so', async () => {
    const missing = run(['./no-such-program', 'list'])
    await expect(missing).rejects.toMatchObject({
      name: 'PluginError',
      kind: 'misconfigured',
      started: false,
    })
    await expect(missing).rejects.toThrow(
      /^PLM-350 cannot run ".\/no-such-program list": there is no program/,
    )
  })

  it('is misconfigured when the file may not be executed', async () => {
    const file = join(folder, 'script.sh')
    writeFileSync(file, 'echo 1\n', { mode: 0o644 })
    const failing = run([file])
    await expect(failing).rejects.toMatchObject({ kind: 'misconfigured', started: false })
    await expect(failing).rejects.toThrow(/^PLM-351 .*chmod \+x/)
  })

  it('is misconfigured when the program has no name at all, or one that cannot be', async () => {
    for (const argv of [[], [''], ['a\0b']]) {
      await expect(run(argv)).rejects.toMatchObject({
        name: 'PluginError',
        kind: 'misconfigured',
        started: false,
      })
    }
  })

  it('ends one that is not done in time, with everything it started', async () => {
    const text = 'sleep 60 & echo "waiting for the moon" >&2; echo $$ $! > "$1"; wait'
    const late = run(['sh', '-c', text, 'sh', join(folder, 'pids')], { timeoutMs: 1_000 })
    late.catch(() => undefined)
    const pids = (await appears('pids')).split(' ').map(Number)
    await expect(late).rejects.toMatchObject({ name: 'PluginError', kind: 'unavailable', started: true })
    await expect(late).rejects.toThrow(
      /^PLM-353 .* did not end within 1000 ms and was ended. It printed: "waiting for the moon"$/,
    )
    for (const pid of pids) await ends(pid)
  })

  it('ends one that ignores the request to end', async () => {
    const calledOff = new AbortController()
    const argv = script(`
      process.on('SIGTERM', () => {})
      require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, process.pid + '\\n')
      ${FOREVER}`)
    const running = run(argv, { signal: calledOff.signal })
    running.catch(() => undefined)
    const pid = Number(await appears('pid'))
    calledOff.abort()
    await expect(running).rejects.toThrow('PLM-354')
    await ends(pid)
  })

  it('ends one that is called off, and starts none under a signal already aborted', async () => {
    const calledOff = new AbortController()
    const argv = script(
      `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, process.pid + '\\n'); ${FOREVER}`,
    )
    const running = run(argv, { signal: calledOff.signal })
    running.catch(() => undefined)
    const pid = Number(await appears('pid'))
    calledOff.abort()
    await expect(running).rejects.toThrow(/^PLM-354 .* was called off while it ran/)
    await ends(pid)
    await expect(run(argv, { signal: AbortSignal.abort() })).rejects.toMatchObject({ started: false })
  })

  it('ends one that prints without end', async () => {
    const argv = script(
      `const line = 'x'.repeat(65_536); (function more() { process.stdout.write(line, more) })()`,
    )
    await expect(run(argv)).rejects.toMatchObject({ kind: 'misconfigured' })
    await expect(run(argv)).rejects.toThrow(/^PLM-355 .* printed more than 1048576 bytes/)
  })

  it('leaves alone what a command has left running in the background, and does not wait for it', async () => {
    const argv = script(`
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(FOREVER)}], { stdio: 'inherit' })
      child.unref()
      console.log(child.pid)
      process.exit(0)`)
    const pid = Number(await run(argv))
    try {
      expect(isRunning(pid)).toBe(true)
    } finally {
      process.kill(pid, 'SIGKILL')
    }
  })
})

describe('quoting what was printed', () => {
  it('keeps it on one line, without what could steer a terminal', () => {
    expect(quoteText(' a\n\u001b[31mb\u202e\tc ', 'start')).toBe('"a [31mb c"')
  })

  it('keeps the start or the end of what is long', () => {
    const long = `start${'-'.repeat(1000)}end`
    expect(quoteText(long, 'start')).toMatch(/^"start-+\.\.\."$/)
    expect(quoteText(long, 'end')).toMatch(/^"\.\.\.-+end"$/)
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has reaped yet has ended all the same.
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
