import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openScene, type Scene } from '../../test/builders/cli.ts'
import { BUSY, rulesXml, WHOLE_RULES, WHOLE_SERVICES } from '../importers/wasabi/xml.fixture.ts'

let scene: Scene
beforeEach(() => {
  scene = openScene()
  scene.file('rules.xml', WHOLE_RULES)
  scene.file('services.xml', WHOLE_SERVICES)
})
afterEach(() => scene.end())

describe('plimsoll import wasabi', () => {
  it('writes a file that is valid, and the report with the places in the XML', async () => {
    const { code, out, err } = await scene.run([
      'import',
      'wasabi',
      'rules.xml',
      'services.xml',
      '-o',
      'new.yaml',
    ])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^lost {6}services\.xml:3:\d+ subscription "main"/m)
    expect(out).toMatch(/^ambiguous rules\.xml:/m)
    expect(out).toMatch(
      /Wrote new\.yaml: \d+ lost, \d+ ambiguous, \d+ changed.*\. Next: plimsoll validate new\.yaml\n$/,
    )
    const judged = await scene.run(['validate', 'new.yaml'])
    expect(judged.code).toBe(0)
    expect(judged.out).toContain('new.yaml is valid: 2 fleets, 4 rules, 13 constraints')
  })

  it('gives the file on standard output and the report beside it, the same every time', async () => {
    const argv = ['import', 'wasabi', 'rules.xml', 'services.xml']
    const { code, out, err } = await scene.run(argv)
    expect(code).toBe(0)
    expect(out).toMatch(
      /^# yaml-language-server: .*\n# Rules of the Autoscaling Application Block, from rules\.xml and services\.xml\./,
    )
    expect(err).toMatch(/^lost /)
    expect((await scene.run(argv)).out).toBe(out)
    expect((await scene.run([...argv, '-o', '-'])).out).toBe(out)
    await scene.run([...argv, '-o', 'new.yaml'])
    expect(readFileSync(path.join(scene.cwd, 'new.yaml'), 'utf8')).toBe(out)
  })

  it('answers as JSON', async () => {
    const { code, out } = await scene.run(['import', 'wasabi', 'rules.xml', '--json'])
    const { imported, text, findings } = JSON.parse(out)
    expect([code, imported]).toEqual([0, true])
    expect(text).toContain('preset: wasabi')
    expect(findings[0]).toEqual({
      kind: 'lost',
      file: 'rules.xml',
      line: expect.any(Number),
      column: expect.any(Number),
      message: expect.any(String),
    })
  })

  it('reads rules from standard input, and from a file in UTF-16', async () => {
    const io = { readInput: async () => rulesXml({ reactive: BUSY }) }
    const given = await scene.run(['import', 'wasabi', '-'], io)
    expect(given.err).toContain('standard input:1:1')
    writeFileSync(
      path.join(scene.cwd, 'wide.xml'),
      Buffer.from(`\uFEFF${rulesXml({ reactive: BUSY })}`, 'utf16le'),
    )
    expect((await scene.run(['import', 'wasabi', 'wide.xml'])).out).toContain('avg(cpu, 45m) > 75')
  })

  it('refuses damaged XML with its line and column, and writes nothing', async () => {
    scene.file('rules.xml', '<rules>\n  <rule>\n</rules>')
    const { code, out, err } = await scene.run(['import', 'wasabi', 'rules.xml', '-o', 'new.yaml'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe('plimsoll: rules.xml:3:8: PLM-750: unexpected close tag\n')
    expect(() => readFileSync(path.join(scene.cwd, 'new.yaml'))).toThrow()
    const asJson = await scene.run(['import', 'wasabi', 'rules.xml', '--json'])
    expect(asJson.code).toBe(2)
    expect(JSON.parse(asJson.out)).toEqual({
      imported: false,
      problems: [{ file: 'rules.xml', line: 3, column: 8, code: 'PLM-750', message: 'unexpected close tag' }],
    })
  })

  it('overwrites nothing, and says which file is not there', async () => {
    const full = scene.file('new.yaml', 'mine')
    const { code, err } = await scene.run(['import', 'wasabi', 'rules.xml', '-o', 'new.yaml'])
    expect([code, readFileSync(full, 'utf8')]).toEqual([2, 'mine'])
    expect(err).toContain('PLM-505: new.yaml exists already')
    expect((await scene.run(['import', 'wasabi', 'rule.xml'])).err).toContain(
      'PLM-503: Could not read rule.xml: there is no such file.',
    )
  })
})
