/**
 * Reads the parts of a configuration one by one against their schemas, so that everything wrong is found at once,
 * and says each finding in an operator's words.
 *
 * Example: `{ min: 2, maks: 5 }` read as a capacity gives `{ min: 2 }` and two findings: unknown key "maks"
 * (did you mean max?) at that key, and "max" is missing at the mapping.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { nearest } from './expression/nearest.ts'
import { type Path, pathText, type Report } from './problem.ts'
import { readRefusal } from './values.ts'

export interface Reading {
  readonly report: Report
  /** By path: the text as written where a reference stands in it; what it gave is never shown. */
  readonly written: ReadonlyMap<string, string>
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the schema makes of `raw`; `undefined` after reporting what is wrong with it. */
export function readValue<T extends z.ZodType>(
  reading: Reading,
  schema: T,
  raw: unknown,
  path: Path,
): z.output<T> | undefined {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  for (const issue of result.error.issues) reportIssue(reading, schema, raw, path, issue)
  return undefined
}

/** Every key read by itself; the keys that are right are there. `null` when `raw` is no mapping. */
export function readObject<S extends z.ZodRawShape>(
  reading: Reading,
  schema: z.ZodObject<S>,
  raw: unknown,
  path: Path,
  without: readonly string[] = [],
): { readonly [K in keyof S]?: z.output<S[K]> } | null {
  if (!readMapping(reading, raw, path)) return null
  const pieces: Record<string, unknown> = {}
  const known = Object.keys(schema.shape)
  for (const key of known) {
    if (without.includes(key)) continue
    const part: unknown = schema.shape[key]
    if (part instanceof z.ZodType) pieces[key] = readValue(reading, part, raw[key], [...path, key])
  }
  if (schema.def.catchall instanceof z.ZodNever) reportUnknownKeys(reading, Object.keys(raw), known, path)
  return pieces as { readonly [K in keyof S]?: z.output<S[K]> }
}

/** Whether it is a mapping; reports when it is not. */
export function readMapping(
  reading: Reading,
  raw: unknown,
  path: Path,
): raw is Readonly<Record<string, unknown>> {
  if (isMapping(raw)) return true
  reportWrongType(reading, 'a mapping (key: value)', raw, path)
  return false
}

/** The items of a list; empty when it is left out, or no list (which is reported). */
export function readItems(reading: Reading, raw: unknown, path: Path): readonly unknown[] {
  if (Array.isArray(raw)) return raw
  if (raw !== undefined) reportWrongType(reading, 'a list', raw, path)
  return []
}

/** The entries of a mapping by name; each name is read against `names`. */
export function readEntries(
  reading: Reading,
  names: z.ZodType,
  raw: unknown,
  path: Path,
): readonly (readonly [string, unknown])[] {
  if (raw === undefined) return []
  if (!readMapping(reading, raw, path)) return []
  const entries = Object.entries(raw)
  for (const [entry] of entries) {
    const result = names.safeParse(entry)
    if (result.success) continue
    const refused = readRefusal(result.error.issues[0]?.message ?? '')
    const code = refused?.code ?? CODES.malformed
    const message = fill(refused?.message ?? '{value} is not a name', JSON.stringify(entry))
    reading.report({ code, message, hint: refused?.hint ?? null, path: [...path, entry], part: 'key' })
  }
  return entries
}

/** Whether it lacks the key, and has one that is reported as meant for it: what follows from that is no other mistake. */
export function isMisspelt(schema: z.ZodObject, raw: unknown, key: string): boolean {
  if (!isMapping(raw) || raw[key] !== undefined) return false
  const known = Object.keys(schema.shape)
  return Object.keys(raw).some(other => !known.includes(other) && nearest(other, known) === key)
}

function reportUnknownKeys(
  reading: Reading,
  keys: readonly string[],
  known: readonly string[],
  path: Path,
): void {
  for (const key of keys) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    reading.report({
      code: CODES.unknownKey,
      message: `${JSON.stringify(key)} is not a known key${path.length === 0 ? '' : ` of ${pathText(path)}`}`,
      hint: unknownKeyHint(key, near, known),
      path: [...path, key],
      part: 'key',
    })
  }
}

function unknownKeyHint(key: string, near: string | null, known: readonly string[]): string {
  if (near !== null) return `did you mean ${near}?`
  if (key === '<<')
    return 'YAML 1.2 has no merge keys; write the keys out, or repeat a whole value with *name'
  return known.length === 0 ? 'no keys are allowed here' : `known keys: ${known.join(', ')}`
}

function reportWrongType(reading: Reading, expected: string, raw: unknown, path: Path): void {
  if (raw === undefined) {
    reportMissing(reading, path)
    return
  }
  reading.report({
    code: CODES.wrongType,
    message: `expected ${expected}, found ${shown(reading, raw, path)}`,
    hint: raw === null ? 'give it a value, or delete the key' : null,
    path,
  })
}

function reportMissing(reading: Reading, path: Path): void {
  const key = path.at(-1)
  const parent = pathText(path.slice(0, -1))
  reading.report({
    code: CODES.missing,
    message: `${JSON.stringify(key)} is missing${parent === '' ? '' : ` in ${parent}`}`,
    hint: key === 'plimsoll' ? 'begin the file with "plimsoll: 1"' : `add ${key}: ...`,
    path,
  })
}

type Issue = z.core.$ZodIssue

function reportIssue(reading: Reading, schema: z.ZodType, raw: unknown, base: Path, issue: Issue): void {
  const own = issue.path.filter(step => typeof step !== 'symbol')
  const path = [...base, ...own]
  const value = valueAt(raw, own)
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = issue.errors.find(issues =>
      issues.every(inner => inner.path.length > 0 || !isOfAnotherType(inner)),
    )
    if (branch !== undefined && branch.length > 0) {
      for (const inner of branch)
        reportIssue(reading, schema, raw, base, { ...inner, path: [...own, ...inner.path] })
      return
    }
  }
  if (issue.code === 'unrecognized_keys') {
    reportUnknownKeys(reading, issue.keys, keysAt(schema, own), path)
    return
  }
  const refused = readRefusal(issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? '') : issue.message)
  if (refused !== null) {
    const subject = issue.code === 'invalid_key' ? String(own.at(-1)) : value
    const message = fill(refused.message, shown(reading, subject, path))
    const hint = refused.hint === null ? null : fillHint(reading, refused.hint, subject, path)
    reading.report({
      code: refused.code,
      message,
      hint,
      path,
      part: issue.code === 'invalid_key' ? 'key' : 'value',
    })
    return
  }
  if (value === undefined) reportMissing(reading, path)
  else reportPlain(reading, issue, value, path)
}

/** Not this branch of a union at all: another type, or another constant. */
function isOfAnotherType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && issue.values.length === 1)
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
}

function reportPlain(reading: Reading, issue: Issue, value: unknown, path: Path): void {
  const found = shown(reading, value, path)
  switch (issue.code) {
    case 'invalid_type':
      reportWrongType(reading, TYPES[issue.expected] ?? issue.expected, value, path)
      return
    case 'invalid_value': {
      const allowed = issue.values.map(String)
      const near = typeof value === 'string' ? nearest(value, allowed) : null
      const hint = near === null ? null : `did you mean ${near}?`
      reading.report({
        code: CODES.notAllowed,
        message: `${found} is not allowed here; allowed: ${allowed.join(', ')}`,
        hint,
        path,
      })
      return
    }
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`
      const items = Array.isArray(value) ? 'the number of items must be' : 'the number of characters must be'
      const message = typeof value === 'number' ? `${found} is out of range: ${limit}` : `${items} ${limit}`
      reading.report({ code: CODES.range, message, hint: null, path })
      return
    }
    default:
      reading.report({ code: CODES.malformed, message: `${found} is not allowed here`, hint: null, path })
  }
}

/** How a value is named in a message. What a reference gave is named by the reference. */
export function shown(reading: Reading, value: unknown, path: Path): string {
  const written = reading.written.get(pathText(path))
  if (written !== undefined) return written
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : String(value)
}

function fill(template: string, text: string): string {
  return template.split('{value}').join(text)
}

/** A hint builds on the value itself (`write 5m`), so it needs one that may be shown and is short. */
function fillHint(reading: Reading, template: string, value: unknown, path: Path): string {
  if (!template.includes('{value}')) return template
  const usable = (typeof value === 'string' || typeof value === 'number') && String(value).length <= 20
  const text = usable && !reading.written.has(pathText(path)) ? String(value).trim() : '5'
  return template.split('{value}').join(text)
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isMapping(value) && Object.hasOwn(value, String(step))) value = value[String(step)]
    else return undefined
  }
  return value
}

/** The keys a mapping inside a schema may have. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return keysAt(schema.unwrap(), path)
  }
  if (schema instanceof z.ZodPipe) return keysAt(schema.in, path)
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.flatMap(option => keysAt(option, path)))]
  }
  const [step, ...rest] = path
  if (schema instanceof z.ZodObject) {
    return step === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(step)], rest)
  }
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, rest)
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest)
  return []
}
