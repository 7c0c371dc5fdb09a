/**
 * Rules of the Autoscaling Application Block to a configuration file that our own loader accepts, and a report.
 *
 * Example: `importWasabi({ rules: { file: 'rules.xml', text } })` answers `{ text, findings }`; a file that is damaged, or that
 * the block would have refused, throws an `ImportError` with every problem and its place.
 */
import { parseConfig } from '../../config/load.ts'
import type { Draft } from '../draft.ts'
import { type Imported, type ImportFinding, sortFindings } from '../finding.ts'
import { IMPORT_CODES, ImportError, type SourcePlace } from '../import-error.ts'
import { readXml, type XmlDocument } from '../xml/read-xml.ts'
import { planOf } from './plan.ts'
import { Reading } from './reading.ts'
import { type Rules, readRules } from './rules-file.ts'
import { readServices, type Services } from './services-file.ts'
import { writePlan } from './write.ts'

export interface XmlText {
  /** As it shall be called in places. */
  readonly file: string
  readonly text: string
}

export interface WasabiFiles {
  readonly rules: XmlText
  readonly services?: XmlText
}

export function importWasabi(files: WasabiFiles): Imported {
  const reading = new Reading()
  const documents = readDocuments(files)
  const [document, model] = documents
  if (document === undefined) throw new Error('There is no document where two were read')
  const rules = readRules(reading, document)
  const services = model === undefined ? null : readServices(reading, model)
  stopAtProblems(reading)
  const plan = planOf(reading, rules, services)
  findReadings(reading, rules, services, documents)
  if (plan.fleets.length === 0) {
    reading.problem(rules.place, 'no rule is about a role, so there is nothing to make a configuration of')
  }
  stopAtProblems(reading)
  const names = [files.rules, files.services].flatMap(file => (file === undefined ? [] : [file.file]))
  const draft = writePlan(reading, plan, rules, services, names)
  const read = parsed(draft.text, services)
  const findings = sortFindings(distinct([...reading.findings, ...adviceOf(read, draft, rules.place)]))
  writeFindings(draft, findings)
  stopAtUnwritable(read, draft, rules.place)
  return { text: draft.text, findings }
}

/** Both are read before either is refused. */
function readDocuments({ rules, services }: WasabiFiles): XmlDocument[] {
  const problems: ImportError['problems'][number][] = []
  const documents: XmlDocument[] = []
  for (const { text, file } of services === undefined ? [rules] : [rules, services]) {
    try {
      documents.push(readXml(text, file))
    } catch (error) {
      if (!(error instanceof ImportError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ImportError(problems)
  return documents
}

const MOST_PROBLEMS = 100

function stopAtProblems({ problems }: Reading): void {
  if (problems.length > 0) throw new ImportError(problems.slice(0, MOST_PROBLEMS))
}

const MOST_LINES = 20

/** What is said once of a whole file. */
function findReadings(
  reading: Reading,
  rules: Rules,
  services: Services | null,
  documents: readonly XmlDocument[],
): void {
  const [first] = reading.unsaid
  if (first !== undefined) {
    const lines = reading.unsaid.slice(0, MOST_LINES).map(({ line }) => line)
    const more = reading.unsaid.length > MOST_LINES ? ', ...' : ''
    const message = `nothing says whether what begins in line ${lines.join(', ')}${more} is enabled: taken as true`
    reading.find('ambiguous', first, message)
  }
  if (!rules.enabled) {
    const message =
      'the rules are disabled as a whole: the fleets decide, and touch nothing (mode: recommend)'
    reading.find('changed', rules.place, message)
  }
  const stabilizer = services?.stabilizer ?? null
  const length = stabilizer === null ? 'no stabilizer says it, so it is 20 minutes; it' : 'it'
  reading.find(
    'ambiguous',
    stabilizer?.place ?? rules.place,
    `the cooldown is read as that of the direction asked for; ${length} runs from the last change in either direction`,
  )
  for (const [group, { place, firstMinutes, lastMinutes, noticesMs }] of services?.ofGroup ?? []) {
    if (firstMinutes === null && lastMinutes === null && noticesMs === null) continue
    const message = `of the stabilizer of "${group}" only the cooldowns are carried over: minutes of the hour and notices are a fleet's own`
    reading.find('lost', place, message)
  }
  for (const { comments } of documents) {
    const [comment] = comments
    if (comment === undefined) continue
    const count = comments.length === 1 ? 'a comment' : `${comments.length} comments, the first here,`
    reading.find(
      'lost',
      comment,
      `${count} of the XML ${comments.length === 1 ? 'is' : 'are'} not carried over`,
    )
  }
}

/** What our own loader warns of, said of the place it came from. */
function adviceOf(result: Parsed, draft: Draft, otherwise: SourcePlace): ImportFinding[] {
  if (!result.ok) return []
  return result.loaded.warnings.map(({ message, line }) => {
    const { file, line: at, column } = draft.origin(line) ?? otherwise
    return { kind: 'advice', file, line: at, column, message }
  })
}

function stopAtUnwritable(result: Parsed, draft: Draft, otherwise: SourcePlace): void {
  if (result.ok) return
  throw new ImportError(
    result.problems
      .filter(({ severity }) => severity === 'error')
      .slice(0, MOST_PROBLEMS)
      .map(({ message, line, hint }) => {
        const { file, line: at, column } = draft.origin(line) ?? otherwise
        const more = hint === null ? '' : ` (${hint})`
        return { file, line: at, column, code: IMPORT_CODES.unwritable, message: `${message}${more}` }
      }),
  )
}

type Parsed = ReturnType<typeof parseConfig>

/** As it will be, once the variables it names are there. */
function parsed(text: string, services: Services | null): Parsed {
  const ways = [...(services?.accounts.values() ?? [])].map(({ way }) => way)
  const variables = ways.flatMap(way => (way.kind === 'secret' ? [way.variable] : []))
  return parseConfig(text, {
    file: 'plimsoll.yaml',
    env: Object.fromEntries(variables.map(variable => [variable, 'a-connection-string'])),
    readFile: () => {
      throw new Error('An imported configuration refers to no files')
    },
  })
}

/** Each once. */
function distinct(findings: readonly ImportFinding[]): ImportFinding[] {
  const byText = new Map(findings.map(finding => [JSON.stringify(finding), finding]))
  return [...byText.values()]
}

const MOST_WRITTEN = 200

function writeFindings(draft: Draft, findings: readonly ImportFinding[]): void {
  if (findings.length === 0) return
  draft.add(0, '')
  draft.comment(0, 'From the import:')
  for (const { kind, file, line, message } of findings.slice(0, MOST_WRITTEN)) {
    draft.comment(0, `- ${kind}: ${file}:${line}: ${message}`)
  }
  if (findings.length > MOST_WRITTEN) draft.comment(0, `- and ${findings.length - MOST_WRITTEN} more`)
}
