import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openScene, type Scene } from '../../test/builders/cli.ts'
import { profile, properties, setting, template, weekly } from '../importers/azure/azure.fixture.ts'

let scene: Scene
beforeEach(() => {
  scene = openScene()
  const days = ['Saturday', 'Sunday']
  const profiles = [
    profile({ name: 'Weekend', rules: [], recurrence: weekly(days, 0) }),
    profile({ name: '{"name":"default","for":"Weekend"}', recurrence: weekly(days, 23, 59) }),
  ]
  scene.file('web.json', JSON.stringify(setting({ profiles, extra: 1 }), null, 2))
})
afterEach(() => scene.end())

describe('plimsoll import azure', () => {
  it('writes a file that is valid, and the report with the places in the JSON', async () => {
    const { code, out, err } = await scene.run(['import', 'azure', 'web.json', '-o', 'new.yaml'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^lost {6}web\.json:\d+:\d+ "extra" is not something/m)
    expect(out).toMatch(/Wrote new\.yaml: 1 lost, 1 ambiguous.*\. Next: plimsoll validate new\.yaml\n$/)
    const judged = await scene.run(['validate', 'new.yaml'])
    expect([judged.code, judged.out]).toEqual([0, expect.stringContaining('1 fleet, 2 rules, 1 constraint')])
  })

  it('answers as JSON, with the path', async () => {
    const { code, out } = await scene.run(['import', 'azure', 'web.json', '--json'])
    const { imported, text, findings } = JSON.parse(out)
    expect([code, imported]).toEqual([0, true])
    expect(text).toContain('preset: azure')
    expect(findings[0]).toMatchObject({ kind: 'lost', file: 'web.json', path: 'properties.extra' })
  })

  it('works a template out with its parameters', async () => {
    const resource = {
      type: 'Microsoft.Insights/autoscalesettings',
      name: "[parameters('n')]",
      properties: properties(),
    }
    scene.file(
      'template.json',
      JSON.stringify(template([resource], { parameters: { n: { type: 'string' } } })),
    )
    scene.file('parameters.json', JSON.stringify({ parameters: { n: { value: 'mine' } } }))
    const { code, out } = await scene.run(['import', 'azure', 'template.json', 'parameters.json'])
    expect([code, out]).toEqual([0, expect.stringContaining('# azure: {"name":"mine"')])
  })

  it('reads what Windows PowerShell makes of the output of `az`', async () => {
    const plain = readFileSync(path.join(scene.cwd, 'web.json'), 'utf8')
    const mark = '\uFEFF'
    const bytes = {
      'marked.json': Buffer.from(mark + plain),
      'wide.json': Buffer.from(mark + plain, 'utf16le'),
    }
    const before = await scene.run(['import', 'azure', 'web.json'])
    for (const [name, written] of Object.entries(bytes)) {
      writeFileSync(path.join(scene.cwd, name), written)
      const { code, out, err } = await scene.run(['import', 'azure', name])
      expect([code, out.replaceAll(name, 'web.json'), err.replaceAll(name, 'web.json')]).toEqual([
        0,
        before.out,
        before.err,
      ])
    }
  })

  it('refuses what is neither UTF-8 nor UTF-16, and does not guess', async () => {
    const latin = Buffer.from('{\n  "name": "B\u00fcro" }', 'latin1')
    writeFileSync(path.join(scene.cwd, 'latin.json'), latin)
    expect(await scene.run(['import', 'azure', 'latin.json'])).toMatchObject({
      code: 2,
      err: 'plimsoll: latin.json:2:13: PLM-750: this is not UTF-8; save the file as UTF-8\n',
    })
  })

  it('refuses damaged JSON with its place, and writes nothing', async () => {
    scene.file('bad.json', '{\n  "profiles": [,]\n}')
    const { code, out, err } = await scene.run(['import', 'azure', 'bad.json', '-o', 'new.yaml'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe('plimsoll: bad.json:2:16: PLM-750: expected a value, found "," (at profiles[0])\n')
    expect((await scene.run(['validate', 'new.yaml'])).code).toBe(2)
    expect((await scene.run(['import', 'azure', 'none.json'])).err).toContain('PLM-503')
  })
})

describe('plimsoll export azure', () => {
  it('writes a template that is imported into the same again', async () => {
    await scene.run(['import', 'azure', 'web.json', '-o', 'one.yaml'])
    const { code, out } = await scene.run(['export', 'azure', 'one.yaml', '-o', 'out.json'])
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('Wrote out.json: 1 autoscale setting; everything was carried over.'),
    ])
    await scene.run(['import', 'azure', 'out.json', '-o', 'two.yaml'])
    const [one, two] = ['one.yaml', 'two.yaml'].map(name =>
      configOf(readFileSync(path.join(scene.cwd, name), 'utf8')),
    )
    expect(two).toBe(one)
    expect((await scene.run(['export', 'azure', 'one.yaml', '-o', 'out.json'])).err).toContain('PLM-505')
  })

  it('gives the template on standard output and the report beside it, or both as JSON', async () => {
    scene.file(
      'own.yaml',
      'plimsoll: 1\nfleets:\n  web:\n    preset: azure\n    capacity: { min: 1, max: 3 }\n    quota: 2\n    target: { type: none, count: "2" }\n',
    )
    const { code, out, err } = await scene.run(['export', 'azure', 'own.yaml'])
    expect([code, JSON.parse(out).resources.length]).toEqual([0, 1])
    expect(err).toMatch(/^lost {6}\S*own\.yaml:\d+:\d+ Azure has no quota/m)
    const { exported, findings } = JSON.parse(
      (await scene.run(['export', 'azure', 'own.yaml', '--json'])).out,
    )
    expect([exported, findings[0].kind]).toEqual([true, 'lost'])
  })

  it('says what is wrong with a file that is not valid', async () => {
    scene.file('bad.yaml', 'plimsoll: 1\nfleets: 3\n')
    expect(await scene.run(['export', 'azure', 'bad.yaml'])).toMatchObject({ code: 2, out: '' })
  })
})

function configOf(text: string): string {
  return text.split('\n# What the import')[0] ?? ''
}
