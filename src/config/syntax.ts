/**
 * Says in an operator's words what the YAML parser found: what it saw, and what to write instead.
 *
 * Example: the parser's `TAB_AS_INDENT` becomes PLM-104, "YAML does not allow tabs for indentation".
 */
import type { YAMLError } from 'yaml'
import { CODES } from './codes.ts'
import type { Finding } from './problem.ts'

export function syntaxFinding(error: YAMLError, text: string): Finding {
  const path: Finding['path'] = []
  const seen = text.slice(error.pos[0], error.pos[1]).split('\n')[0] ?? ''
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return {
        code: CODES.tab,
        message: 'YAML does not allow tabs for indentation',
        hint: 'indent with spaces',
        path,
      }
    case 'MULTIPLE_DOCS':
      return {
        code: CODES.yamlFeature,
        message: 'the file holds more than one YAML document',
        hint: 'delete the "---" line and what follows, or put it into a file of its own',
        path,
      }
    case 'TAG_RESOLVE_FAILED':
      return {
        code: CODES.yamlFeature,
        message: `the tag ${seen || 'here'} means nothing here`,
        hint: 'delete it',
        path,
      }
    case 'RESOURCE_EXHAUSTION':
      return {
        code: CODES.tooDeep,
        message: 'this is nested too deeply to be read',
        hint: 'a configuration needs no more than ten levels',
        path,
      }
    case 'BAD_SCALAR_START':
      return {
        code: CODES.syntax,
        message: `a text cannot start with ${seen || 'this character'} unless it is quoted`,
        hint: 'put the value in double quotes',
        path,
      }
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        code: CODES.syntax,
        message: 'a second ": " on one line',
        hint: 'put the value in double quotes, or begin the inner mapping on a line of its own',
        path,
      }
    case 'BAD_INDENT':
      return {
        code: CODES.syntax,
        message: badIndent(error.message),
        hint: badIndentHint(error.message),
        path,
      }
    case 'MISSING_CHAR':
      return { code: CODES.syntax, message: missing(error.message), hint: missingHint(error.message), path }
    default:
      return { code: CODES.syntax, message: `this is not YAML: ${plain(error.message)}`, hint: null, path }
  }
}

function badIndent(message: string): string {
  const flow = /^Flow (map|sequence)/.exec(message)
  if (flow) return flow[1] === 'map' ? 'a { is not closed' : 'a [ is not closed'
  if (message.startsWith('All mapping items')) return 'this key is not in one column with its neighbours'
  if (message.startsWith('All sequence items'))
    return 'this list item is not in one column with its neighbours'
  return `the indentation is wrong: ${plain(message)}`
}

function badIndentHint(message: string): string {
  if (message.startsWith('Flow map')) return 'add the missing }'
  if (message.startsWith('Flow sequence')) return 'add the missing ]'
  return 'give keys of one mapping the same number of spaces'
}

function missing(message: string): string {
  if (message.includes('quote')) return 'a quoted text is not closed'
  if (message.startsWith('Implicit map keys need')) return 'a key without a ":" after it'
  return `something is missing: ${plain(message)}`
}

function missingHint(message: string): string {
  if (message.includes('quote')) return 'add the missing quote'
  if (message.startsWith('Implicit map keys need')) return 'write "key: value"'
  return 'look at the line before, too'
}

function plain(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
