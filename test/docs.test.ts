/**
 * The documentation, held to the code: links lead somewhere, example files are valid, commands exist, and the answers
 * shown in the guide to rules are those of `plimsoll decide`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config/load.ts'
import { openScene, type Scene } from './builders/cli.ts'

const ROOT = dirname(import.meta.dirname)

/** Tracked files, and those that are about to be. */
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(path => path !== '' && existsSync(join(ROOT, path)))

const PAGES = FILES.filter(path => path.endsWith('.md')).map(path => ({ path, text: read(path) }))

interface Block {
  readonly page: string
  /** Of its first line of content, from 1. */
  readonly line: number
  /** The word after the fence: `yaml`, `sh`, ... */
  readonly language: string
  readonly text: string
}

const BLOCKS = PAGES.flatMap(blocksOf)

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function blocksOf({ path, text }: { path: string; text: string }): Block[] {
  const fences = text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)
  return [...fences].map(({ 1: language = '', 2: content = '', index }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length + 1,
    language,
    text: content,
  }))
}

function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** As GitHub names the anchor of a heading. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return [...headings].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Links and pictures of a page that are not of the web. */
function linksOf(text: string): string[] {
  const links = withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)
  return [...links].flatMap(({ 1: link = '' }) => (/^[a-z]+:/.test(link) ? [] : [link]))
}

describe('the pages', () => {
  it('are there', () => {
    expect(PAGES.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'docs/guide.md', 'docs/rules.md']),
    )
  })

  it.each(PAGES)('$path links only to files and headings that exist', ({ path, text }) => {
    const broken = linksOf(text).filter(link => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})

describe('example configurations', () => {
  const configurations = BLOCKS.filter(
    ({ language, text }) => language === 'yaml' && /^plimsoll: 1$/m.test(text),
  )

  it('are there', () => {
    expect(configurations.length).toBeGreaterThan(10)
  })

  it.each(configurations)('$page:$line is valid', ({ page, text }) => {
    const env = {
      PLIMSOLL_TOKEN: 'a long random value',
      COOKIE_SECRET: 'another long random value',
      SMTP_URL: 'smtp://127.0.0.1',
    }
    const readFile = (path: string): string => `what is in ${path}`
    const parsed = parseConfig(text, { file: join(ROOT, page), env, readFile })
    expect(parsed.ok ? [] : parsed.problems).toEqual([])
  })
})

describe('examples of decisions', () => {
  let scene: Scene
  beforeAll(() => {
    scene = openScene()
  })
  afterAll(() => scene.end())

  interface Example extends Block {
    readonly config: string
    readonly answer: readonly string[]
  }

  /** A configuration, then any number of pairs: what was seen, and lines of the answer. */
  function examplesOf(page: string): Example[] {
    let config = ''
    const examples: Example[] = []
    const blocks = BLOCKS.filter(block => block.page === page)
    blocks.forEach((block, index) => {
      if (block.language === 'yaml' && block.text.startsWith('plimsoll: 1')) config = block.text
      const next = blocks[index + 1]
      if (block.language !== 'json' || next?.language !== 'text') return
      examples.push({ ...block, config, answer: next.text.trimEnd().split('\n') })
    })
    return examples
  }

  const examples = examplesOf('docs/rules.md')

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(15)
  })

  it.each(examples)('$page:$line is answered as shown', async ({ config, text, answer }) => {
    scene.file('rules.yaml', config)
    scene.file('seen.json', text)
    const { code, out } = await scene.run(['decide', 'rules.yaml', '--observation', 'seen.json'])
    expect(code).toBe(0)
    expect(out.split('\n').map(line => line.trim())).toEqual(expect.arrayContaining([...answer]))
  })
})

describe('commands shown', () => {
  /** `plimsoll NAME` at the beginning of a line of a shell block, after a prompt, `npx` or an assignment. */
  const shown = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ page, line, text }) =>
    [...text.matchAll(/(?:^|[|;&] ?|npx |bin\/)plimsoll(?:\.js)? +([a-z]\S*)/gm)].map(
      ({ 1: command = '' }) => ({
        page,
        line,
        command,
      }),
    ),
  )

  it('are there', () => {
    expect(shown.length).toBeGreaterThan(10)
  })

  it('exist', async () => {
    const scene = openScene()
    const { out } = await scene.run(['--help'])
    scene.end()
    const commands = [...out.matchAll(/^ {2}([a-z-]+) .*\S$/gm)].map(match => match[1])
    expect(commands).toContain('validate')
    expect(shown.filter(({ command }) => !commands.includes(command))).toEqual([])
  })
})

describe('the table of layers in ARCHITECTURE.md', () => {
  /** By folder, what it may import; `.` is src itself. */
  type Table = Readonly<Record<string, readonly string[]>>

  const written = (): Table =>
    Object.fromEntries(
      [...read('ARCHITECTURE.md').matchAll(/^\| `src\/(\S+)` \| .* \| (.*) \|$/gm)].map(
        ({ 1: folder = '', 2: cell = '' }) => [
          layerOf(folder),
          cell === 'nothing' ? [] : cell.split(', ').map(name => (name === '`src/*.ts`' ? '.' : name)),
        ],
      ),
    )

  const guarded = (): Table => {
    const [, table = ''] = /MAY_IMPORT[^{]*\{([\s\S]*?)^\}/m.exec(read('test/layers.test.ts')) ?? []
    return Object.fromEntries(
      [...table.matchAll(/^ {2}'?([\w.]+)'?: \[([^\]]*)\]/gm)].map(({ 1: layer = '', 2: list = '' }) => [
        layer,
        [...list.matchAll(/'([^']+)'/g)].map(({ 1: name = '' }) => name),
      ]),
    )
  }

  function layerOf(folder: string): string {
    return folder === '*.ts' ? '.' : folder.replace('/', '')
  }

  it('is the one that test/layers.test.ts guards', () => {
    expect(Object.keys(guarded()).length).toBeGreaterThan(10)
    expect(written()).toEqual(guarded())
  })
})

describe('tracked text', () => {
  // Put together here, so that this file does not find itself.
  const forbidden = ['/wo' + 'rk/', '/ro' + 'ot/', 'registry.' + 'npmjs']

  it('names no folder of a machine and no address of a registry', () => {
    const found = FILES.filter(path => !/\.(png|ico|woff2?)$/.test(path)).flatMap(path => {
      const text = read(path)
      return forbidden.filter(word => text.includes(word)).map(word => `${relative('.', path)}: ${word}`)
    })
    expect(found).toEqual([])
  })
})
