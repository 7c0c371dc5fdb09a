/**
 * Replaces `${env:NAME}` and `${file:PATH}` inside the texts of a tree, so that secrets stay out of the file,
 * and remembers which values came that way: they are never shown.
 *
 * Example: with PLIMSOLL_TOKEN=abc, `token: "${env:PLIMSOLL_TOKEN}"` becomes `abc`; `$${` stands for `${` itself.
 */
import { CODES } from './codes.ts'
import type { Finding, Path, Report } from './problem.ts'
import { pathText } from './problem.ts'
import { reason } from './text-file.ts'

export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Given a path as written, the text of that file; throws when it cannot be read. */
  readonly readFile: (path: string) => string
}

export interface Resolved {
  readonly value: unknown
  /** By path: the text as it stands in the file, for values that hold what a reference gave. */
  readonly written: ReadonlyMap<string, string>
  /** What the references gave, to be kept out of every message. */
  readonly secrets: readonly { readonly value: string; readonly written: string }[]
}

/** Bytes of a referenced file. */
export const MAX_REFERENCED = 64 * 1024
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

export function resolveReferences(value: unknown, sources: ReferenceSources, report: Report): Resolved {
  const written = new Map<string, string>()
  const secrets: { value: string; written: string }[] = []

  const resolveText = (text: string, path: Path): string => {
    if (!text.includes('${')) return text
    return text.replace(REFERENCE, (whole: string, body: string | undefined, close: string, at: number) => {
      if (body === undefined) return '${'
      written.set(pathText(path), text)
      const answer = close === '' ? unclosed(whole) : lookUp(body, sources)
      if ('finding' in answer) {
        report({ ...answer.finding, path, at, length: whole.length })
        return whole
      }
      secrets.push({ value: answer.value, written: whole })
      return answer.value
    })
  }

  const visit = (node: unknown, path: Path): unknown => {
    if (typeof node === 'string') return resolveText(node, path)
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...path, index]))
    if (typeof node !== 'object' || node === null) return node
    const result: Record<string, unknown> = Object.create(null)
    for (const [key, item] of Object.entries(node)) result[key] = visit(item, [...path, key])
    return result
  }
  return { value: visit(value, []), written, secrets }
}

type Answer = { readonly value: string } | { readonly finding: Omit<Finding, 'path'> }

function unclosed(whole: string): Answer {
  return {
    finding: {
      code: CODES.referenceForm,
      message: `the reference ${whole.slice(0, 40)} is not closed`,
      hint: 'add the missing }, or write $${ for the characters themselves',
    },
  }
}

function lookUp(body: string, sources: ReferenceSources): Answer {
  const [, scheme, name] = /^(env|file):(.+)$/s.exec(body) ?? []
  if (scheme === 'env' && name !== undefined && /^[A-Za-z_]\w*$/.test(name))
    return fromEnvironment(name, sources)
  if (scheme === 'file' && name !== undefined) return fromFile(name, sources)
  return {
    finding: {
      code: CODES.referenceForm,
      message: `\${${body.slice(0, 40)}} is not a reference`,
      hint: 'write ${env:NAME} or ${file:PATH}, or $${ for the characters themselves',
    },
  }
}

function fromEnvironment(name: string, sources: ReferenceSources): Answer {
  const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined
  if (value !== undefined && value !== '') return { value }
  const state = value === undefined ? 'is not set' : 'is empty'
  return {
    finding: {
      code: CODES.referenceEnv,
      message: `the environment variable ${name} ${state}`,
      hint: `set it before starting, e.g. export ${name}=...`,
    },
  }
}

function fromFile(path: string, sources: ReferenceSources): Answer {
  const refuse = (because: string): Answer => ({
    finding: {
      code: CODES.referenceFile,
      message: `the file ${path} cannot be used: ${because}`,
      hint: 'the path counts from the folder of the configuration file; the file must be readable by this user',
    },
  })
  let value: string
  try {
    value = sources.readFile(path).replace(/\r?\n$/, '')
  } catch (error) {
    return refuse(reason(error))
  }
  if (value === '') return refuse('it is empty')
  return value.length > MAX_REFERENCED ? refuse('it is larger than 64 KiB') : { value }
}
