/**
 * The examples, run as their reader would: every configuration is valid, every folder explains itself, and the commands of its
 * README print what is checked in beside it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type Folder, inFolder, REPOSITORY } from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const EXAMPLES = path.join(REPOSITORY, 'examples')
const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap(entry =>
  entry.isDirectory() ? [entry.name] : [],
)

function has(example: string, file: string): boolean {
  return existsSync(path.join(EXAMPLES, example, file))
}

function read(example: string, file: string): string {
  return readFileSync(path.join(EXAMPLES, example, file), 'utf8')
}

/** In a folder of its own, without what an earlier run by hand left. */
async function inCopyOf(example: string, story: (folder: Folder) => Promise<void>): Promise<void> {
  await inFolder(async folder => {
    cpSync(path.join(EXAMPLES, example), folder.path, {
      recursive: true,
      filter: file => !['.plimsoll', 'instances.json'].includes(path.basename(file)),
    })
    await story(folder)
  })
}

/** The words after `plimsoll` of every such line in the README's shell blocks. */
function commandsOf(readme: string): string[][] {
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(({ 1: text = '' }) => text)
  return blocks.flatMap(text =>
    [...text.matchAll(/^plimsoll (.*)$/gm)].map(({ 1: words = '' }) => words.split(' ')),
  )
}

/** However fast this computer is. */
function unhurried(text: string): string {
  return text.replace(/^decisions a second: \d+$/gm, 'decisions a second: many')
}

describe.each(names)('the example %s', example => {
  it('explains itself, and is on the list', () => {
    expect(read(example, 'README.md')).toMatch(/^# \S/)
    expect(readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8')).toContain(
      `[${example}](${example}/README.md)`,
    )
  })

  it.runIf(has(example, 'plimsoll.yaml'))('has a valid configuration, without a warning', async () => {
    await inCopyOf(example, async folder => {
      const { code, err, out } = await folder.plimsoll('validate', 'plimsoll.yaml')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toContain('plimsoll.yaml is valid: ')
    })
  })
})

describe.each(names.filter(name => has(name, 'plimsoll.yaml') && has(name, 'expected.txt')))(
  'the commands in the README of %s',
  example => {
    it('print what is checked in', async () => {
      await inCopyOf(example, async folder => {
        const printed: string[] = []
        for (const argv of commandsOf(read(example, 'README.md'))) {
          const { code, out, err } = await folder.plimsoll(...argv)
          expect({ code, err }).toEqual({ code: 0, err: '' })
          printed.push(out)
        }
        expect(printed.length).toBeGreaterThan(0)
        expect(unhurried(printed.join(''))).toBe(unhurried(read(example, 'expected.txt')))
      })
    })
  },
)

describe('the record of backtest', () => {
  it('is what its generator makes of its seed', () => {
    const made = execFileSync(process.execPath, ['make-load.mjs'], {
      cwd: path.join(EXAMPLES, 'backtest'),
      encoding: 'utf8',
    })
    expect(made).toBe(read('backtest', 'load.csv'))
    expect(made.length).toBeLessThan(60_000)
  })

  it('is drawn in the documentation', async () => {
    await inCopyOf('backtest', async folder => {
      const words = ['--trace', 'load.csv', '--model', 'per-instance=40,boot=4m', '--against', 'hpa']
      const { code } = await folder.plimsoll('backtest', 'plimsoll.yaml', ...words, '-o', 'backtest.svg')
      expect(code).toBe(0)
      const shown = readFileSync(path.join(REPOSITORY, 'docs/images/backtest.svg'), 'utf8')
      expect(folder.read('backtest.svg') === shown).toBe(true)
    })
  })
})

describe('the provider of command-target', () => {
  interface State {
    readonly launched: number
    readonly instances: readonly { readonly id: string; readonly token: string }[]
  }

  const stateIn = (folder: Folder): State =>
    existsSync(folder.in('instances.json'))
      ? JSON.parse(folder.read('instances.json'))
      : { launched: 0, instances: [] }
  const idsIn = (folder: Folder) => stateIn(folder).instances.map(({ id }) => id)

  /** The same rules, at a pace for a test. */
  function hurry(folder: Folder): void {
    const config = folder.read('plimsoll.yaml')
    const quick = config
      .replace('127.0.0.1:7071', '127.0.0.1:0')
      .replace('cooldown: 2s', 'cooldown: 0s')
      .replace('in: 2s', 'in: 0s')
      .replaceAll('every: 1s', 'every: 200ms')
    expect(quick.length).toBeLessThan(config.length + 10)
    folder.write('plimsoll.yaml', quick)
  }

  it('gets and loses instances as the work comes and goes, keeps them when Plimsoll ends, and is found again', async () => {
    await inCopyOf('command-target', async folder => {
      hurry(folder)
      const daemon = folder.run('plimsoll.yaml')
      await until('one worker', () => idsIn(folder).length === 1)
      folder.write('backlog.txt', '45\n')
      await until('five workers', () => idsIn(folder).length === 5)
      folder.write('backlog.txt', '8\n')
      const left = await until('two workers', () => (idsIn(folder).length === 2 ? idsIn(folder) : null))
      expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
      expect(idsIn(folder)).toEqual(left)

      const again = folder.run('plimsoll.yaml')
      await until('it has ticked', async () => (await again.fleet('workers')).current !== null)
      const found = (await again.instances('workers')).map(({ id }) => id)
      expect(found.toSorted()).toEqual(left.toSorted())
      expect(stateIn(folder).launched).toBe(5)
      await again.stop('SIGTERM')
    })
  })

  it('is left as it is while its commands fail', async () => {
    await inCopyOf('command-target', async folder => {
      hurry(folder)
      const daemon = folder.run('plimsoll.yaml')
      await until('one worker', () => idsIn(folder).length === 1)
      folder.write('backlog.txt', '45\n')
      await until('three workers', () => idsIn(folder).length >= 3)
      const provider = folder.read('provider.mjs')
      folder.write('provider.mjs', 'throw new Error("the provider is down")\n')
      await until('nothing is known', async () => (await daemon.fleet('workers')).current === null)
      const before = idsIn(folder)
      folder.write('backlog.txt', '0\n')
      const { revision } = await daemon.fleet('workers')
      await until(
        'it has ticked on',
        async () => ((await daemon.fleet('workers')).revision ?? 0) > (revision ?? 0) + 2,
      )
      expect((await daemon.fleet('workers')).because).toContain('the provider is down')
      expect(idsIn(folder)).toEqual(before)
      folder.write('provider.mjs', provider)
      await until('one worker', () => idsIn(folder).length === 1)
      await daemon.stop('SIGTERM')
    })
  })
})
