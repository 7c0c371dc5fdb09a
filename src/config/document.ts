/**
 * Reads YAML (and so JSON) into a plain tree that knows where each of its keys and values stands, so that every
 * later finding can point at a line and a column. Finds what is wrong with the text itself.
 *
 * Example: `busy: { goal: avg(cpu, 45m) < 80% }` is read as the goal `avg(cpu, 45m) < 80%` plus the problem
 * PLM-109 at column 15, which shows the line with the value quoted.
 */
import { Composer, type CST, type Document, isScalar, Parser, type YAMLError, YAMLParseError } from 'yaml'
import { CODES } from './codes.ts'
import { findExcess } from './excess.ts'
import { NOWHERE, Places, problemAt, type Span } from './places.ts'
import type { ConfigProblem, Finding } from './problem.ts'
import { syntaxFinding } from './syntax.ts'
import { Walk } from './walk.ts'

export interface Tree {
  /** Plain objects (without a prototype), arrays, texts, numbers, booleans and null; `undefined`: unreadable. */
  readonly value: unknown
  readonly locate: (finding: Finding) => ConfigProblem
  readonly problems: readonly ConfigProblem[]
}

/** A tree without a text: findings are located by their path alone. */
export function treeOfValue(value: unknown, file: string): Tree {
  return { value, locate: finding => problemAt(finding, file, NOWHERE), problems: [] }
}

export function readDocument(text: string, file: string): Tree {
  const places = new Places(text, file)
  const locate = (finding: Finding): ConfigProblem => places.locate(finding)
  const refuse = ({ finding, span }: Refused): Tree => ({
    value: undefined,
    locate,
    problems: [places.at(finding, span)],
  })
  const excess = findExcess(text)
  if (excess !== null) return refuse(excess)
  const document = parseOnce(text)
  const refused = refusedDocument(document, text)
  if (refused !== null) return refuse(refused)
  if (document.contents === null) return refuse(EMPTY)
  const walk = new Walk(text, places)
  const value = walk.visit(document.contents, [], null)
  return { value: walk.broken ? undefined : value, locate, problems: walk.problems }
}

/** As the library's `parseDocument` does it, but for the number of complaints. */
function parseOnce(text: string): Document.Parsed {
  const composer = new Composer({
    version: '1.2',
    strict: true,
    // The walk finds keys given twice; the parser's own search takes time by the square of their number.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const [document, another] = composer.compose(firstComplaint(new Parser().parse(text)), true, text.length)
  if (document === undefined)
    throw new Error('the YAML library gave no document, although it was to give one')
  if (another !== undefined) {
    const [start, end] = another.range
    document.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'there is more than one document'))
  }
  return document
}

/**
 * One broken bracket makes the parser complain about every word after it: hundreds of errors, of which the first is told and
 * none of the others is worth the making.
 */
function* firstComplaint(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let complained = false
  for (const token of tokens) {
    if (token.type === 'error' && complained) continue
    complained ||= token.type === 'error'
    yield token
  }
}

interface Refused {
  readonly finding: Finding
  readonly span: Span
}

const START: Span = { start: 0, end: 1 }

const EMPTY: Refused = {
  finding: {
    code: CODES.empty,
    message: 'the file holds no configuration',
    hint: 'begin with "plimsoll: 1", or let "plimsoll init" write a file',
    path: [],
  },
  span: START,
}

function refusedDocument(document: Document.Parsed, text: string): Refused | null {
  // Only the first: one broken bracket makes the parser complain about everything after it.
  const error = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0]
  if (error !== undefined) {
    return { finding: syntaxFinding(error, text), span: spanOfError(error, text) }
  }
  const { explicit, version } = document.directives.yaml
  if (explicit === true && version !== '1.2') {
    const message = 'the file asks for an older YAML than 1.2'
    const finding: Finding = { code: CODES.yamlFeature, message, hint: 'delete the %YAML line', path: [] }
    const at = Math.max(text.indexOf('%YAML'), 0)
    return { finding, span: { start: at, end: at + 9 } }
  }
  return isScalar(document.contents) && document.contents.value === null ? EMPTY : null
}

/** A key in the wrong column is reported at the beginning of its line; the key itself is what to look at. */
function spanOfError({ code, pos: [start, end] }: YAMLError, text: string): Span {
  if (code !== 'BAD_INDENT') return { start, end }
  const indent = /^ */.exec(text.slice(start, start + 200))?.[0].length ?? 0
  return { start: start + indent, end: Math.max(end, start + indent + 1) }
}
