/**
 * The example of docs/tune.md, done again: its record, its file, its command; the answers are those shown, but for the time taken
 * and for what is said of the record.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScene, type Scene } from './builders/cli.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../docs/tune.md'), 'utf8')

/** The blocks of a language, in order. */
function blocks(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ({ 1: text = '' }) => text,
  )
}

function first(language: string): string {
  return blocks(language)[0] ?? ''
}

/** The words of the shown command, without `plimsoll`. */
function shownWords(): readonly string[] {
  const command = blocks('sh').find(text => text.startsWith('plimsoll tune')) ?? ''
  const words = command.replaceAll('\\\n', ' ').match(/"[^"]*"|\S+/g) ?? []
  return words.slice(1).map(word => word.replaceAll('"', ''))
}

/** However long it took, on however many cores. */
function timeless(text: string): readonly string[] {
  return text
    .replace(/[\d.]+ s on \d+ cores?/, 'a while')
    .trimEnd()
    .split('\n')
}

describe('docs/tune.md', () => {
  let scene: Scene
  beforeAll(() => {
    scene = openScene()
    const record = execFileSync(process.execPath, ['--input-type=module', '--eval', first('js')], {
      encoding: 'utf8',
    })
    scene.file('requests.csv', record)
    scene.file('shop.yaml', first('yaml'))
  })
  afterAll(() => scene.end())

  it('shows what its command answers', async () => {
    const { code, out } = await scene.run(shownWords())
    expect(code).toBe(0)
    const shown = timeless(blocks('text')[0] ?? '')
    expect(timeless(out).slice(0, shown.length)).toEqual(shown)
  })

  it('shows how a gain is told that does not hold', async () => {
    const words = shownWords().map(word => (word.startsWith('cost,') ? 'cost, slo<=0.2%' : word))
    const { out } = await scene.run(words)
    expect(out.split('\n')).toEqual(expect.arrayContaining((blocks('text')[1] ?? '').trimEnd().split('\n')))
  })
})
