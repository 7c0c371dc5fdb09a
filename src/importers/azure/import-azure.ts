/**
 * `plimsoll import azure`: files with autoscale settings in, one configuration and a report out. A file is an autoscale setting
 * as exported or as `az monitor autoscale show` prints it, a list of them, an ARM template, or the parameters of one.
 *
 * Example: `importAzure([{ file: 'web.json', text }])` answers `{ text: 'plimsoll: 1 ...', findings: [...] }`, or throws an
 * `ImportError` with the line and column.
 */
import { parseConfig } from '../../config/load.ts'
import type { Imported } from '../finding.ts'
import { type Json, memberOf, readJson } from './json.ts'
import { AzureRefusal, REFUSED } from './refusal.ts'
import { collectFindings, type Tell } from './report.ts'
import { type AzureSetting, looksLikeSetting, readSetting } from './setting.ts'
import { parametersOf, Template, type Wanted } from './template.ts'
import { writeSettings } from './write.ts'

export interface JsonText {
  readonly file: string
  readonly text: string
}

export function importAzure(files: readonly JsonText[]): Imported {
  const { tell, all } = collectFindings()
  const settings = readSettings(files, tell)
  const draft = writeSettings(settings, tell)
  const result = parseConfig(draft.text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  const problems = result.ok ? result.loaded.warnings : result.problems
  for (const { line, message, severity } of problems) {
    const origin = draft.origin(line)
    const place = { ...(origin ?? { file: files[0]?.file ?? '', line: 1, column: 1 }), path: '' }
    if (severity === 'error')
      throw new AzureRefusal(REFUSED.unresolved, place, `it cannot be written here: ${message}`)
    tell('advice', place, message)
  }
  return { text: `${draft.text}${reportText(all())}`, findings: all() }
}

function reportText(findings: Imported['findings']): string {
  if (findings.length === 0) return ''
  const lines = findings.map(({ kind, file, line, message }) =>
    `#   ${kind}: ${file}:${line}: ${message}`.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' '),
  )
  return `\n# What the import found worth saying:\n${lines.join('\n')}\n`
}

/** All settings of all files, resolved. */
export function readSettings(files: readonly JsonText[], tell: Tell): readonly AzureSetting[] {
  const documents = files.map(({ file, text }) => readJson(text, file))
  const isParameters = (document: Json): boolean =>
    memberOf(document, 'resources') === null &&
    !looksLikeSetting(document) &&
    memberOf(document, 'parameters')?.kind === 'object'
  const parameters = documents.filter(isParameters)
  const others = documents.filter(document => !isParameters(document))
  const given = new Map(parameters.flatMap(document => [...parametersOf(document, tell)]))
  tellUnknown(parameters, others, tell)
  const settings = others.flatMap(document => {
    const found = settingsIn(document, given, tell)
    if (found.length === 0)
      tell(
        'lost',
        document.place,
        'there is no autoscale setting in this file, and it is not one of parameters',
      )
    return found.map(resource => readSetting(resource, tell))
  })
  if (settings.length === 0) {
    const place = documents[0]?.place ?? { file: '', line: 1, column: 1, path: '' }
    throw new AzureRefusal(
      REFUSED.nothing,
      place,
      'there is no autoscale setting in it: no object with "profiles", and no resource of the type Microsoft.Insights/autoscalesettings',
      'give what `az monitor autoscale show`, an export of the resource, or an ARM template says',
    )
  }
  return settings
}

const SETTINGS: Wanted = {
  isType: type => /^Microsoft\.Insights\/autoscalesettings$/i.test(type),
  isKey: name => !/^(?:dependsOn|comments|metadata)$/i.test(name),
}

function settingsIn(document: Json, given: ReadonlyMap<string, Json>, tell: Tell): readonly Json[] {
  if (looksLikeSetting(document)) return [document]
  if (document.kind === 'array') return listed(document.items, tell)
  const value = memberOf(document, 'value')
  if (value?.kind === 'array') return listed(value.items, tell)
  if (memberOf(document, 'resources') === null) return []
  return new Template(document, given, tell).resources(document, SETTINGS)
}

function listed(items: readonly Json[], tell: Tell): readonly Json[] {
  for (const item of items.filter(each => !looksLikeSetting(each)))
    tell('lost', item.place, 'this is not an autoscale setting: it has no list of "profiles"')
  return items.filter(looksLikeSetting)
}

/** Azure refuses to deploy a template with a parameter it does not have. */
function tellUnknown(parameters: readonly Json[], templates: readonly Json[], tell: Tell): void {
  const declared = templates.map(template => memberOf(template, 'parameters'))
  for (const document of parameters) {
    const given = memberOf(document, 'parameters')
    for (const { name, place } of given?.kind === 'object' ? given.members : []) {
      const isKnown = declared.some(own => own !== null && memberOf(own, name) !== null)
      if (!isKnown) tell('lost', place, `no template here has the parameter "${name}"`)
    }
  }
}
