import { describe, expect, it } from 'vitest'
import { type Loaded, parseConfig } from '../config/load.ts'
import { newReach } from './reach.ts'

function loaded(...lines: string[]): Loaded {
  const text = [
    'plimsoll: 1',
    'fleets:',
    '  web:',
    '    target: { type: process, command: [node, app.mjs] }',
    ...lines.map(line => `    ${line}`),
  ].join('\n')
  const result = parseConfig(text, { file: '/srv/shop/plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded
}

const BOUNDS = 'capacity: { min: 2, max: 5 }'

describe('what a changed configuration reaches', () => {
  it.each([
    ['other bounds', ['capacity: { min: 2, max: 9 }'], []],
    ['repair', [BOUNDS, 'repair: { maxUnhealthy: 50% }'], []],
    ['a router', [BOUNDS, 'router: { type: agent }'], ['the router of web']],
    ['a probe by command', [BOUNDS, 'health: { command: [./well.sh] }'], ['the health probe of web']],
    ['a probe at another port', [BOUNDS, 'health: { http: { port: 22 } }'], ['the health probe of web']],
  ])('%s: what is new', (_what, lines, reached) => {
    expect(newReach(loaded(BOUNDS), loaded(...lines))).toEqual(reached)
  })

  it('is the same probe when it only asks more often', () => {
    const before = loaded(BOUNDS, 'health: { http: /up, every: 5s }')
    expect(newReach(before, loaded(BOUNDS, 'health: { http: /up, every: 3s }'))).toEqual([])
  })
})
