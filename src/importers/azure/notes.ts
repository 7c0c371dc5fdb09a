/**
 * What Azure needs to know of a fleet or a metric and a configuration has no key for, as a comment above it: `# azure: {...}`.
 * An export reads it again.
 *
 * Example: `# azure: {"metricName":"Percentage CPU","metricResourceUri":"/subscriptions/..."}` above `percentage_cpu:`.
 */
import { isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from 'yaml'
import { below } from './json.ts'
import type { Place } from './refusal.ts'

export type Note = Readonly<Record<string, unknown>>

/** One line of printable ASCII. */
export function noteText(note: Note): string {
  const json = JSON.stringify(note).replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `# azure: ${json}`
}

export interface Notes {
  readonly fleets: ReadonlyMap<string, Note>
  readonly metrics: ReadonlyMap<string, Note>
}

/** Of a configuration as text; comments that say something else are left alone. */
export function readNotes(text: string): Notes {
  const document = parseDocument(text)
  return { fleets: notesUnder(document.get('fleets')), metrics: notesUnder(document.get('metrics')) }
}

function notesUnder(block: unknown): ReadonlyMap<string, Note> {
  const found = new Map<string, Note>()
  if (!isMap(block)) return found
  block.items.forEach((pair, index) => {
    if (!isScalar(pair.key)) return
    // Above the first key the comment belongs to the whole block.
    const above = [index === 0 ? block.commentBefore : null, pair.key.commentBefore].join('\n')
    const note = noteIn(above)
    if (note !== null) found.set(nameOf(pair), note)
  })
  return found
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : ''
}

function noteIn(comment: string): Note | null {
  for (const line of comment.split('\n')) {
    const written = /^\s*azure:\s*(\{.*\})\s*$/.exec(line)?.[1]
    if (written === undefined) continue
    try {
      const read: unknown = JSON.parse(written)
      if (typeof read === 'object' && read !== null) return { ...read }
    } catch {
      // A comment of somebody's own.
    }
  }
  return null
}

/** Where in a configuration something stands, as line and column; the nearest above it that has a place. */
export function placesIn(text: string, file: string): (path: readonly (string | number)[]) => Place {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  return path => {
    const said = path.reduce<string>(below, '')
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (!isNode(node) || node.range == null) continue
      const { line, col } = lineCounter.linePos(node.range[0])
      return { file, line, column: col, path: said }
    }
    return { file, line: 1, column: 1, path: said }
  }
}
