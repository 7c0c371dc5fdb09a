/**
 * Reads elements of the Application Block's files: values of attributes, what is missing, and what nobody knows. All that is
 * wrong is collected, so that a person sees it at once.
 *
 * Example: `reading.whole(range, 'min', { least: 0 })` of `<range min="two"/>` is a problem at the attribute, and `null`.
 */
import type { FindingKind, ImportFinding } from '../finding.ts'
import { IMPORT_CODES, type ImportCode, type ImportProblem, type SourcePlace } from '../import-error.ts'
import type { XmlAttribute, XmlElement } from '../xml/read-xml.ts'

export const RULES_NAMESPACE = 'schemas.microsoft.com/practices/2011/entlib/autoscaling/rules'
export const SERVICES_NAMESPACE = 'schemas.microsoft.com/practices/2011/entlib/autoscaling/serviceModel'

export class Reading {
  readonly problems: ImportProblem[] = []
  readonly findings: ImportFinding[] = []
  /** Elements that do not say whether they are enabled. */
  readonly unsaid: SourcePlace[] = []

  problem(place: SourcePlace, message: string, code: ImportCode = IMPORT_CODES.invalid): null {
    this.problems.push({ ...placeOf(place), code, message })
    return null
  }

  find(kind: FindingKind, place: SourcePlace, message: string): void {
    this.findings.push({ kind, ...placeOf(place), message })
  }

  /** Tells what an element has beside these attributes. */
  only(element: XmlElement, attributes: readonly string[]): void {
    for (const { name, place } of element.attributes.values()) {
      if (!attributes.includes(name)) {
        this.find('lost', place, `the attribute "${name}" of <${element.name}> is not one of the block's`)
      }
    }
    if (element.textAt !== null)
      this.find('lost', element.textAt, `the text in <${element.name}> says nothing here`)
  }

  /** An element that nothing is made of. */
  strange(element: XmlElement, where: string): void {
    this.find('lost', element.place, `<${element.name}> in ${where} has no counterpart`)
  }

  text(element: XmlElement, name: string): string | null {
    const value = element.attributes.get(name)?.value.trim() ?? ''
    return value === '' ? null : value
  }

  required(element: XmlElement, name: string): string | null {
    return this.text(element, name) ?? this.problem(element.place, `<${element.name}> has no "${name}"`)
  }

  flag(element: XmlElement, name: string): boolean {
    const attribute = element.attributes.get(name)
    if (attribute === undefined) {
      this.unsaid.push(element.place)
      return true
    }
    const value = attribute.value.trim().toLowerCase()
    if (value !== 'true' && value !== '1' && value !== 'false' && value !== '0') {
      this.wrong(attribute, 'true or false')
    }
    return value === 'true' || value === '1'
  }

  /** `null` where it is not there, or wrong. */
  whole(element: XmlElement, name: string, { least, most }: { least: number; most?: number }): number | null {
    const attribute = element.attributes.get(name)
    if (attribute === undefined) return null
    const text = attribute.value.trim()
    const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && !(most !== undefined && value > most)) return value === 0 ? 0 : value
    const range = most === undefined ? `${least} or more` : `from ${least} to ${most}`
    return this.wrong(attribute, `a whole number, ${range}`)
  }

  requiredWhole(element: XmlElement, name: string, range: { least: number; most?: number }): number | null {
    if (element.attributes.has(name)) return this.whole(element, name, range)
    return this.problem(element.place, `<${element.name}> has no "${name}"`)
  }

  /** One of the words, whatever their case. */
  choice<W extends string>(element: XmlElement, name: string, words: readonly W[]): W | null {
    const attribute = element.attributes.get(name)
    if (attribute === undefined) return null
    const value = attribute.value.trim().toLowerCase()
    return (
      words.find(word => word.toLowerCase() === value) ?? this.wrong(attribute, `one of ${words.join(', ')}`)
    )
  }

  /** `hh:mm:ss` or `d.hh:mm:ss`, in milliseconds. */
  span(element: XmlElement, name: string): number | null {
    const attribute = element.attributes.get(name)
    if (attribute === undefined) return null
    return spanOf(attribute.value.trim()) ?? this.wrong(attribute, 'a length of time, such as 00:20:00')
  }

  wrong(attribute: XmlAttribute, wanted: string): null {
    return this.problem(attribute.place, `${attribute.name}="${shortened(attribute.value)}" is not ${wanted}`)
  }
}

/** `00:45:00` -> 2700000, `1.00:00:00` -> a day. `null` for anything else. */
export function spanOf(text: string): number | null {
  const match = /^(?:(\d{1,5})\.)?(\d{1,2}):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{1,7}))?)?$/.exec(text)
  if (match === null) return null
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 5).map(part => Number(part ?? 0))
  if (hours > 23) return null
  const fraction = Math.round(Number(`0.${match[5] ?? 0}`) * 1000)
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + fraction
}

/** Root of a file of this namespace, written with http, https, or (as found) without any. */
export function isOf(element: XmlElement, namespace: string): boolean {
  return element.namespace.replace(/^https?:\/\//, '') === namespace
}

export function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`
}

function placeOf({ file, line, column }: SourcePlace): SourcePlace {
  return { file, line, column }
}
