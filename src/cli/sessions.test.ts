/** `plimsoll sessions` against a real daemon: as single commands in this process, and as a real process that reads lines. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { type Captured, openScene } from '../../test/builders/cli.ts'
import { openRooms, type Rooms, type RoomsOptions } from '../../test/builders/rooms.ts'
import { until } from '../../test/builders/until.ts'
import type { Io } from './io.ts'

let ends: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

async function open(options?: RoomsOptions): Promise<{
  rooms: Rooms
  run: (line: string, typed?: readonly string[]) => Promise<Captured>
}> {
  const rooms = await openRooms(options)
  ends.push(() => rooms.end())
  const scene = openScene()
  ends.push(() => scene.end())
  const run = (line: string, typed: readonly string[] = []): Promise<Captured> => {
    const change: Partial<Io> = {
      now: () => Date.now(),
      async *lines() {
        yield* typed
      },
    }
    return scene.run(['sessions', ...line.split(' '), '--url', rooms.url], change)
  }
  return { rooms, run }
}

describe('single commands', () => {
  it('add, list and remove by number in the list', async () => {
    const { run } = await open()
    expect((await run('web list')).out).toBe('web has no sessions\n')
    expect((await run('web add 2 --id match-7 --label kind=match --label n=1')).out).toMatch(
      /^placed match-7: 2 slots on web-\d\n$/,
    )
    expect((await run('web add --id call-1 --ttl 10m')).out).toMatch(/^placed call-1: 1 slot on web-\d\n$/)
    expect((await run('web add --id call-1 --ttl 10m')).out).toMatch(/, as before\n$/)
    const { out } = await run('web list')
    expect(out).toMatch(/^ {2}# {2}SESSION +INSTANCE +SLOTS +ADDRESS +PLACED$/m)
    expect(out).toMatch(/^ {2}1 {2}match-7 +web-\d +2 +http:\S+ +\S+ .*kind=match n=1$/m)
    expect(out).toMatch(/^ {2}2 {2}call-1 +web-\d +1 +http:\S+ +\S+ +\S+ left$/m)
    expect((await run('web remove 2')).out).toBe('ended call-1\n')
    expect((await run('web remove match-7')).out).toBe('ended match-7\n')
    expect((await run('web remove match-7')).out).toBe('match-7 had ended before\n')
  })

  it('answer as JSON what the API answers', async () => {
    const { run } = await open()
    const placed = JSON.parse((await run('web add --id a --json')).out)
    expect(placed).toMatchObject({ session: 'a', slots: 1, again: false, placedAt: expect.any(String) })
    const listed = JSON.parse((await run('web list --json')).out)
    expect(listed).toMatchObject({ fleet: 'web', sessions: [{ session: 'a' }], next: null })
    expect(JSON.parse((await run('web remove 1 --json')).out)).toEqual({ session: 'a', released: 'released' })
  })

  it('say what is wrong, with the exit code', async () => {
    const { run } = await open({ slots: 1 })
    expect(await run('web remove 1')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-507') })
    expect(await run('web remove')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-501') })
    expect(await run('web add many')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-501') })
    expect(await run('web dance')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-501') })
    expect(await run('web add 2')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-432') })
    expect(await run('wep list')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-461') })
    expect(await run('web remove nobody')).toMatchObject({ code: 2, err: expect.stringContaining('PLM-480') })
    await run('web add')
    await run('web add')
    expect(await run('web add')).toMatchObject({ code: 1, err: expect.stringContaining('PLM-434') })
  })
})

describe('the console', () => {
  it('shows the list after each command, and goes on after a mistake', async () => {
    const { run } = await open()
    const { out, err, code } = await run('web', [
      'help',
      'add',
      '',
      'add 2',
      'list',
      'remove 7',
      'dance',
      'remove 1',
    ])
    expect(out.match(/^ {2}# {2}SESSION/gm)).toHaveLength(4)
    expect(out.startsWith('web has no sessions\nadd [SLOTS]  places a session\n')).toBe(true)
    expect(out).toContain('There is no command "dance".')
    expect(err).toBe('plimsoll: PLM-507: There is no number 7 in the list, which has 2 sessions.\n')
    expect(code).toBe(1)
    expect((await run('web list')).out.split('\n')).toHaveLength(3)
  })

  it('removes the one that had the number in the list it showed, whatever happened since', async () => {
    const { rooms, run } = await open()
    for (const id of ['a', 'b', 'c']) await run(`web add --id ${id}`)
    const scene = openScene()
    ends.push(() => scene.end())
    const change: Partial<Io> = {
      async *lines() {
        await rooms.delete('sessions/a')
        yield 'remove 2'
      },
    }
    const { out } = await scene.run(['sessions', 'web', '--url', rooms.url], change)
    expect(out).toContain('ended b\n')
  })

  it('obeys a real process that is fed lines', async () => {
    const { rooms } = await open()
    const child = spawn(process.execPath, ['bin/plimsoll.js', 'sessions', 'web', '--url', rooms.url], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    child.stdin.end('add 2\nadd\nremove 1\nquit\nadd\n')
    const [out, err, [code]] = await said
    expect({ err, code }).toEqual({ err: '', code: 0 })
    expect(out.match(/^placed \S+: /gm)).toHaveLength(2)
    expect(out).toMatch(/^ended \S+$/m)
    expect((await rooms.get('sessions')).body.sessions).toHaveLength(1)
  })

  it('ends at quit though whoever feeds it does not', async () => {
    const { rooms } = await open()
    const child = spawn(process.execPath, ['bin/plimsoll.js', 'sessions', 'web', '--url', rooms.url], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const ended = once(child, 'exit')
    child.stdin.write('add\nquit\n')
    expect(await ended).toEqual([0, null])
  })

  it.skipIf(!canOpenTerminal())(
    'at a terminal asks for each, shows what was pasted where it is obeyed, and leaves a line of its own',
    async () => {
      const { rooms } = await open()
      const words = [process.execPath, 'bin/plimsoll.js', 'sessions', 'web', '--url', rooms.url]
      const terminal = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, NO_COLOR: '1', TERM: 'dumb' },
      })
      ends.push(() => void terminal.kill())
      let shown = ''
      const prompts = (): number => shown.split('web> ').length - 1
      terminal.stdout.setEncoding('utf8').on('data', (piece: string) => {
        shown += piece
      })
      await until('it asks', () => prompts() > 0)
      terminal.stdin.write('add\radd 2\rhelp\r')
      await until('it has obeyed all three', () => /list {9}shows[^>]*web> $/.test(plain(shown)))
      const ended = once(terminal, 'exit')
      terminal.stdin.write('\x04')
      expect(await ended).toEqual([0, null])
      const [first = '', second = '', third = '', ...rest] = plain(shown).split('web> ').slice(1)
      expect(first).toMatch(/^add\n(add 2\nhelp\n)?placed \S+: 1 slot /)
      expect(second).toMatch(/^add 2\nplaced \S+: 2 slots /)
      expect(third).toMatch(/^help\nadd \[SLOTS\]/)
      expect(rest).toEqual(['\n'])
    },
  )
})

function canOpenTerminal(): boolean {
  return process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
}

/** Without what moves the cursor. */
function plain(shown: string): string {
  return stripVTControlCharacters(shown).replaceAll('\r', '')
}
