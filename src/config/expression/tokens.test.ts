import { describe, expect, it } from 'vitest'
import { isName, tokenize } from './tokens.ts'

function shown(text: string): string {
  return tokenize(text)
    .tokens.map(token => (token.kind === 'end' ? 'END' : text.slice(token.at, token.end)))
    .join(' | ')
}

describe('cutting a text into tokens', () => {
  it.each([
    ['avg(cpu, 45m) > 80%', 'avg | ( | cpu | , | 45m | ) | > | 80% | END'],
    ['a>=1', 'a | >= | 1 | END'],
    ['queue-depth - 1', 'queue-depth | - | 1 | END'],
    ['sessions-1', 'sessions-1 | END'],
    ['sessions -1', 'sessions | - | 1 | END'],
    ['5-sessions', '5 | - | sessions | END'],
    ['web.slow is red', 'web.slow | is | red | END'],
    ['sum(5xx, 5m)', 'sum | ( | 5xx | , | 5m | ) | END'],
    ['5xx is red', '5xx | is | red | END'],
    ['not (5 > 3)', 'not | ( | 5 | > | 3 | ) | END'],
    ['1e3+.5', '1e3 | + | .5 | END'],
    ['2e-3ms', '2e-3ms | END'],
    ['80 %\n> x', '80 % | > | x | END'],
    ['größe', 'größe | END'],
    ['', 'END'],
  ])('%j gives %s', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it('ends every token where its text ends', () => {
    const text = 'avg(cpu, 45m) >= 80 % and not busy is red'
    for (const token of tokenize(text).tokens) {
      if (token.kind === 'word' || token.kind === 'symbol')
        expect(text.slice(token.at, token.end)).toBe(token.text)
    }
  })
})

describe('a name an expression can spell', () => {
  it.each([
    ['cpu', true],
    ['queue-depth', true],
    ['web.p95', true],
    ['5xx', true],
    ['_x', true],
    ['größe', true],
    ['45', false],
    ['not', false],
    ['', false],
    ['-cpu', false],
    ['cpu-', false],
    ['a b', false],
    ['a(b', false],
    ['a:b', false],
  ])('%j: %s', (text, expected) => {
    expect(isName(text)).toBe(expected)
  })
})
