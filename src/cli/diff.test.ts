import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScene, type Scene } from '../../test/builders/cli.ts'

const FILE = `plimsoll: 1
metrics: { cpu: { source: push } }
fleets:
  web:
    capacity: { min: 2, max: 8 }
    rules:
      - { name: Scale up, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
`

let scene: Scene
beforeAll(() => {
  scene = openScene()
  scene.file('old.yaml', FILE)
  scene.file('new.yaml', FILE.replace('> 80%', '> 75%'))
  scene.file('bad.yaml', FILE.replace('max: 8', 'max: 1'))
})
afterAll(() => scene.end())

describe('diff', () => {
  it('tells what changed', async () => {
    const { code, out } = await scene.run(['diff', 'old.yaml', 'new.yaml'])
    expect(code).toBe(0)
    expect(out).toBe('web: rule "Scale up": when avg(cpu, 5m) > 80% -> avg(cpu, 5m) > 75%\n')
  })

  it('says so when nothing did', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'old.yaml'])
    expect(out).toBe('No difference: both files mean the same.\n')
  })

  it('answers JSON', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'new.yaml', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      from: { file: 'old.yaml' },
      to: { file: 'new.yaml' },
      changes: [
        {
          fleet: 'web',
          what: 'rule "Scale up"',
          field: 'when',
          before: 'avg(cpu, 5m) > 80%',
          after: 'avg(cpu, 5m) > 75%',
        },
      ],
    })
  })

  it('refuses a file with problems, with their places', async () => {
    const { code, err } = await scene.run(['diff', 'old.yaml', 'bad.yaml'])
    expect(code).toBe(2)
    expect(err).toContain('bad.yaml:5')
  })
})
