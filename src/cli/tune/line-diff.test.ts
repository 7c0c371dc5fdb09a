import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unifiedDiff } from './line-diff.ts'

/** Puts a diff into the text it is of, as `patch` does. */
function patched(text: string, diff: string): string {
  const before = text.split('\n')
  const result: string[] = []
  let at = 0
  for (const hunk of diff.split(/^(?=@@ )/m).slice(1)) {
    const [head = '', ...lines] = hunk.replace(/\n$/, '').split('\n')
    const [, first = '', length] = /^@@ -(\d+)(?:,(\d+))? \+/.exec(head) ?? []
    const start = length === '0' ? Number(first) : Number(first) - 1
    result.push(...before.slice(at, start))
    at = start
    for (const line of lines) {
      if (line.startsWith('\\')) continue
      if (!line.startsWith('+')) {
        expect(line.slice(1)).toBe(before[at])
        at += 1
      }
      if (!line.startsWith('-')) result.push(line.slice(1))
    }
  }
  return [...result, ...before.slice(at)].join('\n')
}

describe('a diff', () => {
  it('shows a changed line with three of context', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\n'
    expect(unifiedDiff(before, before.replace('e', 'E'), 'plimsoll.yaml')).toBe(`--- plimsoll.yaml
+++ plimsoll.yaml
@@ -2,7 +2,7 @@
 b
 c
 d
-e
+E
 f
 g
 h
`)
  })

  it('shows two changes near each other together, far ones apart', () => {
    const before = Array.from({ length: 30 }, (_, line) => `line ${line}`)
      .join('\n')
      .concat('\n')
    const near = unifiedDiff(before, before.replace('line 5\n', 'x\n').replace('line 8\n', 'y\n'), 'f')
    expect(near.match(/^@@/gm)).toHaveLength(1)
    const far = unifiedDiff(before, before.replace('line 5\n', 'x\n').replace('line 28\n', 'y\nz\n'), 'f')
    expect(far.match(/^@@.*$/gm)).toEqual(['@@ -3,7 +3,7 @@', '@@ -26,5 +26,6 @@'])
  })

  it('is empty where nothing changed', () => {
    expect(unifiedDiff('a\n', 'a\n', 'f')).toBe('')
  })

  it('says where a last line has no end', () => {
    expect(unifiedDiff('a\nb', 'a\nc', 'f')).toBe(
      '--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n',
    )
  })

  it('makes the one text of the other, whatever they are', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '  d: 1'), { maxLength: 40 })
      .map(lines => `${lines.join('\n')}\n`)
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, unifiedDiff(before, after, 'f'))).toBe(after)
      }),
    )
  })
})
