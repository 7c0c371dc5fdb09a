import { describe, expect, it } from 'vitest'
import { decodeText } from '../decode.ts'
import { ImportError } from '../import-error.ts'
import { readXml } from './read-xml.ts'

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof ImportError) return error.message
    throw error
  }
  return 'accepted'
}

describe('places in XML', () => {
  it('are those of the tag and of the name of the attribute, whatever its value holds', () => {
    const text = '<r>\r\n <a\n\tname="name=\'x\'"  b = \'"name"\'\n/><a>é</a></r>'
    const { root } = readXml(text, 'r.xml')
    const [first, second] = root.children
    expect(first?.place).toEqual({ file: 'r.xml', line: 2, column: 2 })
    expect(first?.attributes.get('name')).toMatchObject({ value: "name='x'", place: { line: 3, column: 2 } })
    expect(first?.attributes.get('b')).toMatchObject({ value: '"name"', place: { line: 3, column: 19 } })
    expect(second?.place).toMatchObject({ line: 4, column: 3 })
    expect(second?.textAt).toMatchObject({ line: 4 })
  })

  it('leave out prefixed attributes, and keep the namespace of the element', () => {
    const text = '<r xmlns="urn:a" xmlns:b="urn:b" b:c="1" d="2"><b:e/></r>'
    const { root } = readXml(text, 'r.xml')
    expect([...root.attributes.keys()]).toEqual(['d'])
    expect([root.namespace, root.children[0]?.name, root.children[0]?.namespace]).toEqual([
      'urn:a',
      'e',
      'urn:b',
    ])
  })

  it('takes names of every object for what they are', () => {
    const { root } = readXml('<r __proto__="1" constructor="2"/>', 'r.xml')
    expect([...root.attributes].map(([name, { value }]) => `${name}=${value}`)).toEqual([
      '__proto__=1',
      'constructor=2',
    ])
  })
})

describe('the bytes of an XML file', () => {
  it.each([
    ['UTF-8', Buffer.from('<r>é</r>')],
    ['UTF-8 with a mark', Buffer.from('\uFEFF<r>é</r>')],
    ['UTF-16, small end first', Buffer.from('\uFEFF<r>é</r>', 'utf16le')],
    ['UTF-16, large end first', Buffer.from('\uFEFF<r>é</r>', 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from('<r>é</r>', 'utf16le')],
    ['UTF-16 without a mark, large end first', Buffer.from('<r>é</r>', 'utf16le').swap16()],
  ])('are read as %s', (_, bytes) => {
    expect(decodeText(bytes, 'r.xml')).toBe('<r>é</r>')
  })

  it('are refused at the first one that is none', () => {
    const bytes = Buffer.concat([Buffer.from('<r>\n  <a/>é'), Buffer.from([0xe9]), Buffer.from('</r>')])
    expect(refusal(() => decodeText(bytes, 'r.xml'))).toBe(
      'r.xml:2:8: PLM-750: this is not UTF-8; save the file as UTF-8',
    )
  })
})
