import { describe, expect, it } from 'vitest'
import { element, short, shorten, text } from './svg.ts'

describe('svg', () => {
  it('escapes text and attributes, so that a name cannot become markup', () => {
    const made = element('text', { 'data-name': '"><script>' }, text("<b>&'x'"))
    expect(made.markup).toBe('<text data-name="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&apos;x&apos;</text>')
  })

  it('replaces characters that no XML document may hold', () => {
    expect(text('a\u0000b\u001bc\ud800d').markup).toBe('a\ufffdb\ufffdc\ufffdd')
    expect(text('tab\tand 😀 stay').markup).toBe('tab\tand 😀 stay')
  })

  it('leaves out undefined attributes and rounds numbers to two decimals', () => {
    expect(element('rect', { x: 1.23456, y: 10, rx: undefined }).markup).toBe('<rect x="1.23" y="10"/>')
    expect(short(0.005)).toBe('0.01')
  })

  it('shortens by whole characters, not halves of them', () => {
    expect(shorten('😀😀😀😀', 3)).toBe('😀😀…')
    expect(shorten('web', 3)).toBe('web')
  })
})
