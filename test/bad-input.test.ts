/**
 * What an operator gets wrong, and what a machine gets wrong, tried on the real command: it says in words what is the
 * matter and where, ends with the right code or goes on as well as it can, and never shows a stack trace.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as send } from 'node:http'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { residentMb, stillRunning } from './builders/process-table.ts'
import {
  type Finished,
  type Folder,
  inFolder,
  LAUNCHER,
  QUICKSTART,
  type RunningDaemon,
} from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
metrics:
  orders: { source: push, kind: total, staleAfter: 10m }
fleets:
  web:
    target: { type: process, command: [node, app.mjs], health: { path: /health, every: 200ms } }
    capacity: { min: 1, max: 5 }
    rules:
      - { name: Grow, when: "last(orders) > 10", scale: { by: 1 } }
    cooldown: 0s
    every: 200ms
`
const STACK = /^\s+at .+:\d+:\d+\)?$/m

/** In words, on standard error, and nothing else anywhere. */
function expectSaid(
  { code, out, err }: Finished,
  expected: { code: number; words: readonly (string | RegExp)[] },
): void {
  expect({ code, out, err }).toEqual({ code: expected.code, out: '', err: expect.any(String) })
  expect(err).not.toMatch(STACK)
  for (const word of expected.words) {
    if (typeof word === 'string') expect(err).toContain(word)
    else expect(err).toMatch(word)
  }
}

function shopIn(folder: Folder, config = CONFIG): void {
  folder.write('plimsoll.yaml', config)
  folder.copy(path.join(QUICKSTART, 'app.mjs'), 'app.mjs')
}

const open = (daemon: RunningDaemon, count: number) =>
  until(`${count} instances are open`, async () => (await daemon.fleet('web')).capacity?.open === count)

const push = (daemon: RunningDaemon, ...samples: unknown[]) =>
  daemon.post('/v1/samples', JSON.stringify({ samples }))

function anchorsThatExplode(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let n = 1; n < 9; n++)
    lines.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`)
  return `plimsoll: 1\n${lines.join('\n')}\nfleets: *a8\n`
}

describe.concurrent('a configuration that is wrong', () => {
  const edited = (from: string, to: string) => {
    expect(CONFIG).toContain(from)
    return CONFIG.replace(from, to)
  }
  const cases: readonly (readonly [string, () => string | Buffer, readonly (string | RegExp)[]])[] = [
    ['an empty file', () => '', ['plimsoll.yaml:1:1', 'PLM-102', 'plimsoll: 1']],
    ['only comments', () => '# soon\n', ['PLM-102']],
    [
      'an unknown key',
      () => edited('every:', 'evry:'),
      ['plimsoll.yaml:8:81: ', 'evry', 'did you mean every?'],
    ],
    [
      'an unknown metric',
      () => edited('last(orders)', 'last(oders)'),
      ['plimsoll.yaml:11:35', '"oders"', 'did you mean "orders"?'],
    ],
    ['a min above its max', () => edited('min: 1', 'min: 6'), ['plimsoll.yaml:9:22', 'min 6 is above max 5']],
    ['a duration without a unit', () => edited('every: 200ms\n', 'every: 5\n'), ['5 has no unit', '5s']],
    [
      'a time zone that does not exist',
      () =>
        `${CONFIG}schedules:\n  peak: { daily: true, start: "08:00", duration: 2h, timeZone: Europe/Londn }\n`,
      ['"Europe/Londn" is not a known time zone', 'Europe/London'],
    ],
    [
      'a key given twice',
      () => `${CONFIG}    mode: scale\n    mode: recommend\n`,
      ['plimsoll.yaml:15:5', '"mode" is given twice'],
    ],
    ['anchors that explode', anchorsThatExplode, ['PLM-106', 'more than 10000 values']],
    ['tabs', () => edited('    capacity', '\tcapacity'), ['plimsoll.yaml:9:1', 'tabs', 'spaces']],
    [
      'an unquoted comma between braces',
      () => edited('"last(orders) > 10"', 'avg(orders, 5m) > 10'),
      ['holds a comma', 'quote it: - { name: Grow, when: "avg(orders, 5m) > 10"'],
    ],
    [
      'a comparison of different units',
      () => edited('last(orders) > 10', 'last(orders) > 5m'),
      [/plimsoll\.yaml:11:\d+/],
    ],
    ['a list', () => '- plimsoll\n', ['PLM-108']],
    ['no YAML at all', () => '{ plimsoll: 1', ['PLM-103']],
    ['two megabytes', () => 'a'.repeat(2_000_000), ['PLM-101']],
    ['no text', () => Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3]), ['PLM-100', 'not UTF-8']],
    ['another version', () => edited('plimsoll: 1', 'plimsoll: 2'), ['PLM-120']],
    [
      'an environment variable that is not set',
      () => edited('orders: {', `orders: { unit: "${'$'}{env:SURELY_NOT_SET}",`),
      ['SURELY_NOT_SET'],
    ],
    [
      'an open door without a token',
      () => edited('127.0.0.1:0', '0.0.0.0:7070'),
      ['token', 'PLIMSOLL_TOKEN'],
    ],
  ]
  it.each(cases)('%s is told with its place', async (_what, text, words) => {
    await inFolder(async folder => {
      writeFileSync(folder.in('plimsoll.yaml'), text())
      const [validated, started] = await Promise.all([
        folder.plimsoll('validate', 'plimsoll.yaml'),
        folder.plimsoll('run', 'plimsoll.yaml'),
      ])
      expectSaid(validated, { code: 2, words })
      // The daemon starts with no such file, and says the same.
      expect(started).toEqual(validated)
      expect(existsSync(folder.in('state.db'))).toBe(false)
    })
  })

  it('is told with all its problems at once', async () => {
    await inFolder(async folder => {
      folder.write(
        'plimsoll.yaml',
        CONFIG.replace('min: 1', 'min: 9').replace('(orders)', '(oders)').replace('200ms\n', '5\n'),
      )
      const { err } = await folder.plimsoll('validate', 'plimsoll.yaml')
      expect(err.match(/error PLM-\d+/g)).toHaveLength(3)
    })
  })

  it('may not be there', async () => {
    await inFolder(async folder => {
      for (const command of ['validate', 'run']) {
        expectSaid(await folder.plimsoll(command, 'nowhere.yaml'), {
          code: 2,
          words: ['nowhere.yaml', 'PLM-100', 'does not exist'],
        })
      }
    })
  })
})

describe.concurrent('a command that cannot run', () => {
  it.each([
    ['does not exist', '[no-such-program-here]', 'an action failed: PLM-300 ', 'no-such-program-here'],
    [
      'exits at once',
      '[node, -e, "console.error(\'out of luck\'); process.exit(3)"]',
      ' was lost: PLM-303 ',
      'out of luck',
    ],
  ])(
    'because it %s: the daemon says so, tries again and again, and shows it',
    async (_what, command, said, because) => {
      await inFolder(async folder => {
        shopIn(folder, CONFIG.replace('[node, app.mjs]', command))
        const daemon = folder.run('plimsoll.yaml')
        expect((await daemon.says(({ msg }) => msg.includes(said))).msg).toContain(because)
        const tries = await until('it was tried three times', async () => {
          const launches = (await daemon.journal('web', 200)).filter(({ plan }) =>
            plan.actions.some(({ kind }) => kind === 'launch'),
          )
          return launches.length >= 3 ? launches : null
        })
        // Each time after a longer wait.
        const [third, second, first] = tries.map(({ at }) => Date.parse(at))
        expect((third ?? 0) - (second ?? 0)).toBeGreaterThan((second ?? 0) - (first ?? 0))
        const status = await until('the status shows it', async () => {
          const { out } = await folder.plimsoll('status', '--config', 'plimsoll.yaml')
          return out.includes(because) ? out : null
        })
        expect(status).toMatch(/^web +\S+ \d +0 +/m)
        expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
        expect(daemon.errors()).toBe('')
      })
    },
  )

  it('is what it was meant to be after the file is corrected', async () => {
    await inFolder(async folder => {
      shopIn(folder, CONFIG.replace('[node, app.mjs]', '[no-such-program-here]'))
      const daemon = folder.run('plimsoll.yaml')
      await daemon.says(({ msg }) => msg.includes('PLM-300'))
      shopIn(folder)
      await open(daemon, 1)
      await daemon.stop('SIGTERM')
    })
  })
})

describe('a port that is taken', () => {
  async function whileTaken(story: (port: number) => Promise<void>): Promise<void> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    try {
      await story(typeof address === 'object' && address !== null ? address.port : 0)
    } finally {
      await new Promise(resolve => server.close(resolve))
    }
  }

  it('for the API: nothing is launched, and the message says what to do', async () => {
    await whileTaken(port =>
      inFolder(async folder => {
        shopIn(folder, CONFIG.replace('127.0.0.1:0', `127.0.0.1:${port}`))
        expectSaid(await folder.plimsoll('run', 'plimsoll.yaml'), {
          code: 1,
          words: ['PLM-451', `127.0.0.1 port ${port}`, `api: { listen: "127.0.0.1:${port + 1}" }`],
        })
      }),
    )
  })

  it('for the proxy', async () => {
    await whileTaken(port =>
      inFolder(async folder => {
        shopIn(
          folder,
          CONFIG.replace(
            '    capacity',
            `    router: { type: proxy, listen: "127.0.0.1:${port}" }\n    capacity`,
          ),
        )
        expectSaid(await folder.plimsoll('run', 'plimsoll.yaml'), {
          code: 1,
          words: ['PLM-330', 'fleet "web"', `127.0.0.1:${port}`, 'router.listen'],
        })
      }),
    )
  })
})

describe.concurrent('a state file that cannot be used', () => {
  /** Offsets in SQLite's header, which is what makes a file ours and of our version. */
  const USER_VERSION_AT = 60

  async function aStateFile(folder: Folder): Promise<Buffer> {
    shopIn(folder)
    const daemon = folder.run('plimsoll.yaml')
    await open(daemon, 1)
    await daemon.stop('SIGTERM')
    return readFileSync(folder.in('state.db'))
  }

  it.each([
    [
      'of a newer version',
      (file: Buffer) => void file.writeInt32BE(99, USER_VERSION_AT),
      ['PLM-401', 'version 99', 'newer Plimsoll'],
    ],
    [
      'that is damaged',
      (file: Buffer) => void file.fill(0x55, 4096, 3 * 4096),
      ['PLM-402', 'damaged', 'move the file away'],
    ],
    ['that was cut off', (file: Buffer) => void file.fill(0, 100), ['PLM-402', 'damaged']],
  ])('%s: it is left as it is, and nothing is started', async (_what, spoil, words) => {
    await inFolder(async folder => {
      const file = await aStateFile(folder)
      spoil(file)
      for (const companion of ['-wal', '-shm']) rmSync(folder.in(`state.db${companion}`), { force: true })
      writeFileSync(folder.in('state.db'), file)
      expectSaid(await folder.plimsoll('run', 'plimsoll.yaml'), {
        code: 1,
        words: [folder.in('state.db'), ...words],
      })
      expectSaid(await folder.plimsoll('status', '--state', 'state.db'), { code: 1, words })
      expect(readFileSync(folder.in('state.db')).equals(file)).toBe(true)
    })
  })

  it.each([
    ['a text', 'my diary, page one: it rained', ['PLM-400', 'not a state file of Plimsoll', 'my diary']],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), ['PLM-400']],
  ])('because it is %s: it is left as it is', async (_what, content, words) => {
    await inFolder(async folder => {
      shopIn(folder)
      writeFileSync(folder.in('state.db'), content)
      expectSaid(await folder.plimsoll('run', 'plimsoll.yaml'), { code: 1, words })
      expect(readFileSync(folder.in('state.db')).equals(Buffer.from(content))).toBe(true)
    })
  })
})

describe.concurrent('samples that are wrong', () => {
  it('are refused one by one, with the reason, and the good ones count', async () => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const now = Date.now()
      const answer = await push(
        daemon,
        { metric: 'orders', value: null },
        { metric: 'orders', value: 'NaN' },
        { metric: 'orders', value: '12' },
        { metric: 'oders', value: 1 },
        { metric: 'orders', value: 1, at: now + 3_600_000 },
        { metric: 'orders', value: 1, at: 'yesterday' },
        { metric: 'orders', value: 1, at: Math.floor(now / 1000) },
        'orders',
        { metric: 'orders', value: 3, fleet: 'wbe' },
        { metric: 'orders', value: 3 },
      )
      expect(answer.status).toBe(202)
      const { accepted, refused } = JSON.parse(answer.body)
      expect(accepted).toBe(1)
      expect(
        refused.map(({ index, because }: { index: number; because: string }) => [index, because]),
      ).toEqual([
        [0, expect.stringContaining('number')],
        [1, expect.stringContaining('number')],
        [2, expect.stringContaining('number')],
        [3, expect.stringContaining('there is no pushed metric "oders"')],
        [4, expect.stringContaining('60 min ahead of ours')],
        [5, expect.stringContaining('ISO-8601')],
        [6, expect.stringContaining('seconds')],
        [7, expect.any(String)],
        [8, expect.stringContaining('wbe')],
      ])
      for (const body of [
        '{"samples":[{"metric":"orders","value":NaN}]}',
        '{"samples":[{"metric":"orders","value":1e999}]}',
        '[]',
        '{}',
        'x',
      ]) {
        const { status, body: said } = await daemon.post('/v1/samples', body)
        expect([400, 422]).toContain(status)
        expect(JSON.parse(said)).toMatchObject({ error: { code: expect.stringMatching(/^PLM-4/) } })
        expect(said).not.toMatch(STACK)
      }
      await daemon.stop('SIGTERM')
    })
  })

  it('may come late, out of order and twice: each counts once, at its own time', async () => {
    await inFolder(async folder => {
      shopIn(
        folder,
        CONFIG.replace('last(orders) > 10', 'sum(orders, 5m) > 1000').replace(
          'staleAfter: 10m',
          'every: 1m, staleAfter: 10m',
        ),
      )
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const now = Date.now()
      const samples = [250_000, 10_000, 190_000, 70_000, 130_000].map((age, index) => ({
        metric: 'orders',
        value: 2 ** index,
        at: now - age,
      }))
      expect(await push(daemon, ...samples)).toMatchObject({ status: 202 })
      expect(await push(daemon, ...samples, ...samples)).toMatchObject({ status: 202 })
      await until('their sum is 31', async () => {
        const explained = await folder.plimsoll('explain', 'web', '--url', await daemon.url())
        return /sum\(orders, 5m\) = 31\b/.test(explained.out)
      })
      await daemon.stop('SIGTERM')
    })
  })

  it('of a metric that is not pushed are refused rather than never read', async () => {
    await inFolder(async folder => {
      shopIn(folder, CONFIG.replace('metrics:\n', 'metrics:\n  cpu: { source: process, read: cpu }\n'))
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const answer = await push(daemon, { metric: 'cpu', value: 3 })
      expect(answer.status).toBe(422)
      expect(answer.body).toContain('there is no pushed metric \\"cpu\\"')
      await daemon.stop('SIGTERM')
    })
  })
})

describe('a body of 100 MB', () => {
  const MEGABYTE = Buffer.alloc(1024 * 1024, 'a')

  /** Sends until it is told to stop, as a client does that does not listen. */
  function pour(
    url: string,
    headers: Record<string, string | number>,
  ): Promise<{ status: number; sentMb: number }> {
    return new Promise((resolve, reject) => {
      let status = 0
      let sentMb = 0
      const finish = () =>
        status === 0
          ? reject(new Error(`cut off after ${sentMb} MB without an answer`))
          : resolve({ status, sentMb })
      const request = send(`${url}/v1/samples`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      })
      request.on('response', response => {
        status = response.statusCode ?? 0
        response.resume()
      })
      request.on('error', finish)
      request.on('close', finish)
      const more = () => {
        while (sentMb < 100 && !request.destroyed) {
          sentMb += 1
          if (request.write(MEGABYTE)) continue
          request.once('drain', more)
          return
        }
        if (!request.destroyed) request.end()
      }
      more()
    })
  }

  it.each([
    ['announced', { 'content-length': 100 * 1024 * 1024 }],
    ['in pieces', { 'transfer-encoding': 'chunked' }],
  ])('%s, is refused with 413 and never held in memory', async (_how, headers) => {
    await inFolder(async folder => {
      shopIn(folder)
      const daemon = folder.run('plimsoll.yaml')
      await open(daemon, 1)
      const url = await daemon.url()
      // Once to warm up: buffers that are kept are no growth.
      expect((await pour(url, headers)).status).toBe(413)
      const before = residentMb(daemon.pid)
      for (let n = 0; n < 5; n++) expect((await pour(url, headers)).status).toBe(413)
      const after = residentMb(daemon.pid)
      if (before !== null && after !== null) expect(after - before).toBeLessThan(50)
      expect(await push(daemon, { metric: 'orders', value: 11 })).toMatchObject({ status: 202 })
      await open(daemon, 2)
      await daemon.stop('SIGTERM')
    })
  })
})

describe('a Node that is too old', () => {
  const old = oldNode()

  it('finds the pinned one, and runs the command with it', async ({ skip }) => {
    if (old === null) return skip('no Node older than 22.14 is on the PATH')
    await inFolder(async folder => {
      shopIn(folder)
      const child = folder.start(old, LAUNCHER, 'validate', 'plimsoll.yaml')
      let out = ''
      child.stdout?.setEncoding('utf8').on('data', text => {
        out += text
      })
      const code = await new Promise(resolve => child.once('close', resolve))
      expect({ code, out }).toEqual({ code: 0, out: 'plimsoll.yaml is valid: 1 fleet, 1 rule, 1 metric\n' })
    })
  })

  /** The first on the PATH, or in the usual place; `npm test` puts the pinned one before it. */
  function oldNode(): string | null {
    const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin']
    for (const binary of new Set(folders.map(folder => path.join(folder, 'node')))) {
      if (!existsSync(binary)) continue
      const [major = 0, minor = 0] = versionOf(binary)
      if (major >= 12 && (major < 22 || (major === 22 && minor < 14))) return binary
    }
    return null
  }

  function versionOf(binary: string): number[] {
    try {
      return execFileSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' })
        .trim()
        .split('.')
        .map(Number)
    } catch {
      return []
    }
  }
})

describe('a disk that is full', () => {
  it('stops every action, is told, and is forgotten when there is space again', async ({ skip }) => {
    await inFolder(async folder => {
      const disk = folder.in('disk')
      if (!mounted(disk)) return skip('a small file system can be mounted by root on Linux only')
      try {
        shopIn(folder, CONFIG.replace('state.db', 'disk/state.db'))
        const daemon = folder.run('plimsoll.yaml')
        await open(daemon, 1)
        const before = (await daemon.journal('web', 1))[0]?.revision ?? 0

        const family = daemon.family()
        fill(folder.in('disk/other-people’s-files'))
        await push(daemon, { metric: 'orders', value: 100 })
        const failed = await daemon.says(({ msg }) => msg.includes('this tick failed and changed nothing'))
        expect(failed.msg).toMatch(/PLM-600: .*PLM-403 .*no space is left/)
        const since = Date.now()
        await until('it has tried in vain for a second', async () => {
          const { lastTick } = await daemon.fleet('web')
          return lastTick?.outcome === 'failed' && Date.parse(lastTick.at) > since + 1_000
        })
        expect(stillRunning(family)).toEqual(family)
        expect(daemon.family()).toHaveLength(family.length)

        rmSync(folder.in('disk/other-people’s-files'))
        await daemon.says(({ msg }) => msg === 'it ticks again')
        await until('it acts again', async () => ((await daemon.fleet('web')).capacity?.open ?? 0) >= 2)
        const revisions = (await daemon.journal('web', 200)).map(({ revision }) => revision)
        expect(revisions).toContain(before)
        expect(Math.max(...revisions)).toBeGreaterThan(before)
        expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
        expect(stillRunning(family)).toEqual([])
      } finally {
        execFileSync('umount', ['-l', disk])
      }
    })
  })

  function mounted(place: string): boolean {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
    try {
      execFileSync('mkdir', [place])
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', place], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  function fill(file: string): void {
    try {
      writeFileSync(file, Buffer.alloc(4 * 1024 * 1024))
    } catch {
      // As far as it goes: that is the point.
    }
  }
})
