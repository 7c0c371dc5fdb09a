/**
 * XML into a tree in which every element and attribute knows its place; or a refusal with a place.
 *
 * Strict: what is not well-formed is refused at the first mistake. Nothing outside the text is ever read: a document type
 * (and with it every entity of its own) is refused, and so is what is larger, deeper or of more pieces than such a file is.
 *
 * Example: `readXml('<rules>\n  <rule name="a"/>\n</rules>', 'rules.xml')` has one child at line 2, column 3, whose
 * attribute is at line 2, column 9.
 */
import { SaxesParser } from 'saxes'
import { IMPORT_CODES, ImportError, type SourcePlace } from '../import-error.ts'

export const MOST_CHARACTERS = 4 * 1024 * 1024
const MOST_ELEMENTS = 20_000
const MOST_ATTRIBUTES = 100
const DEEPEST = 64

export interface XmlAttribute {
  readonly place: SourcePlace
  /** With its prefix. */
  readonly name: string
  readonly value: string
}

export interface XmlElement {
  readonly place: SourcePlace
  /** Without its prefix. */
  readonly name: string
  /** The name where the element belongs to the namespace of the root; empty for somebody else's. */
  readonly known: string
  readonly namespace: string
  /** By name; those that declare namespaces, or have one, are left out. */
  readonly attributes: ReadonlyMap<string, XmlAttribute>
  readonly children: readonly XmlElement[]
  /** Where text (other than white space) first stands directly in it. */
  readonly textAt: SourcePlace | null
}

export interface XmlDocument {
  readonly root: XmlElement
  readonly comments: readonly SourcePlace[]
}

interface Growing extends XmlElement {
  readonly attributes: Map<string, XmlAttribute>
  readonly children: Growing[]
  name: string
  known: string
  namespace: string
  textAt: SourcePlace | null
}

export function readXml(given: string, file: string): XmlDocument {
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given
  const place = placesIn(text, file)
  const refuse = (offset: number, message: string): never => {
    throw new ImportError([{ ...place(offset), code: IMPORT_CODES.damaged, message }])
  }
  if (text.length > MOST_CHARACTERS) {
    refuse(0, `the file has more than ${MOST_CHARACTERS} characters; such a file has a few thousand`)
  }
  const parser = new SaxesParser({ xmlns: true, position: true })
  const open: Growing[] = []
  const comments: SourcePlace[] = []
  const roots: Growing[] = []
  let attributes: { name: string; prefix: string; value: string; place: SourcePlace }[] = []
  let elements = 0

  const at = () => Math.min(parser.position, text.length)
  parser.on('error', error => refuse(Math.max(0, at() - 1), wordsOf(error)))
  parser.on('doctype', () =>
    refuse(text.lastIndexOf('<!DOCTYPE', at()), 'a document type is not allowed here'),
  )
  parser.on('comment', () => void comments.push(place(text.lastIndexOf('<!--', at()))))
  parser.on('opentagstart', ({ name }) => {
    const starts = text.lastIndexOf('<', at() - 1)
    elements += 1
    if (elements > MOST_ELEMENTS) refuse(starts, `there are more than ${MOST_ELEMENTS} elements`)
    if (open.length >= DEEPEST) refuse(starts, `this is nested more than ${DEEPEST} levels deep`)
    attributes = []
    open.push({
      place: place(starts),
      name,
      known: '',
      namespace: '',
      attributes: new Map(),
      children: [],
      textAt: null,
    })
  })
  parser.on('attribute', ({ name, prefix, value }) => {
    const starts = attributeStart(text, at(), name)
    if (attributes.length >= MOST_ATTRIBUTES)
      refuse(starts, `this element has more than ${MOST_ATTRIBUTES} attributes`)
    attributes.push({ name, prefix, value, place: place(starts) })
  })
  parser.on('opentag', ({ local, uri }) => {
    const element = open.at(-1)
    if (element === undefined) return
    element.name = local
    element.known = uri === (open[0] ?? element).namespace || open.length === 1 ? local : ''
    element.namespace = uri
    for (const { name, prefix, value, place: where } of attributes) {
      if (prefix === '' && name !== 'xmlns') element.attributes.set(name, { name, value, place: where })
    }
  })
  const noteText = (content: string): void => {
    const element = open.at(-1)
    if (element === undefined || element.textAt !== null || content.trim() === '') return
    element.textAt = place(Math.max(0, at() - 1))
  }
  parser.on('text', noteText)
  parser.on('cdata', noteText)
  parser.on('closetag', () => {
    const closed = open.pop()
    if (closed === undefined) return
    const siblings = open.at(-1)?.children ?? roots
    siblings.push(closed)
  })
  parser.write(text).close()
  const [root] = roots
  return root === undefined ? refuse(0, 'there is no element') : { root, comments }
}

/** Saxes puts its own idea of the place before its words. */
function wordsOf(error: Error): string {
  return error.message.replace(/^(?:[^:\s]*:)?\d+:\d+: /, '').replace(/\.$/, '')
}

/** `end` is behind the closing quote: back over the value, the equals sign and the name. */
function attributeStart(text: string, end: number, name: string): number {
  const opening = text.lastIndexOf(text[end - 1] ?? '"', end - 2)
  return Math.max(0, text.lastIndexOf(name, opening - 1 - name.length))
}

/** Line and column of an offset. Lines end with LF, CR LF or CR. */
function placesIn(text: string, file: string): (offset: number) => SourcePlace {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length)
  return offset => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file, line: low + 1, column: Math.max(0, offset) - (starts[low] ?? 0) + 1 }
  }
}
