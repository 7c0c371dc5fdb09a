import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { collectOutput, tellingLine } from './output.ts'

describe('the line that tells most', () => {
  const cases: [string, string[], string | null][] = [
    ['nothing printed', [], null],
    ['only blank lines', ['', '  '], null],
    ['a plain last word', ['starting', 'goodbye'], 'goodbye'],
    [
      'a stack trace of Node',
      [
        '/srv/app.mjs:3',
        "Error: Cannot find module 'x'",
        '    at load (internal/errors:9)',
        '',
        'Node.js v24.21.0',
      ],
      "Error: Cannot find module 'x'",
    ],
    ['the last of several errors', ['error: first', 'error: second', 'bye'], 'error: second'],
    [
      'a trace of Python',
      ['Traceback (most recent call last):', 'ValueError: bad port'],
      'ValueError: bad port',
    ],
  ]
  it.each(cases)('%s', (_, lines, expected) => {
    expect(tellingLine(lines)).toBe(expected)
  })

  it('is cut at 300 characters', () => {
    expect(tellingLine([`Error: ${'x'.repeat(1_000)}`])).toHaveLength(300)
  })
})

describe('the output of a child', () => {
  async function collected(...chunks: string[]): Promise<readonly string[]> {
    const stream = new PassThrough()
    const output = collectOutput(stream, null, () => {})
    for (const chunk of chunks) stream.write(chunk)
    stream.end()
    await new Promise(resolve => stream.once('close', resolve))
    return output.lines()
  }

  it('is cut into lines, wherever the chunks end', async () => {
    expect(await collected('on', 'e\ntw', 'o\r\nthree')).toEqual(['one', 'two', 'three'])
  })

  it('stays bounded when a line never ends', async () => {
    const lines = await collected(...Array.from({ length: 1_000 }, () => 'x'.repeat(5_000)))
    expect(lines.length).toBeLessThanOrEqual(200)
    expect(Math.max(...lines.map(line => line.length))).toBe(2_000)
  })

  it('takes a character split over two chunks for one', async () => {
    const stream = new PassThrough()
    const output = collectOutput(stream, null, () => {})
    const bytes = Buffer.from('naïve\n')
    stream.write(bytes.subarray(0, 3))
    stream.write(bytes.subarray(3))
    stream.end()
    await new Promise(resolve => stream.once('close', resolve))
    expect(output.lines()).toEqual(['naïve'])
  })
})
