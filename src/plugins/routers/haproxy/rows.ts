/**
 * Reads what HAProxy prints as a table by the names in its header line, never by position: versions add columns.
 *
 * Example: `readRows('# pxname,svname,scur\nweb,i1,3\n', ',')` gives `[{ pxname: 'web', svname: 'i1', scur: '3' }]`;
 * text without a header gives `null`.
 */
export type Row = Readonly<Record<string, string>>

export function readRows(text: string, separator: ',' | ' '): Row[] | null {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const headerAt = lines.findIndex(line => line.startsWith('# '))
  const header = lines[headerAt]
  if (header === undefined) return null
  const names = header.slice(2).trim().split(separator)
  return lines.slice(headerAt + 1).map(line => rowOf(names, cells(line, separator)))
}

function rowOf(names: readonly string[], values: readonly string[]): Row {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
}

/** A cell with a comma in it is quoted, and a quote in it doubled. */
function cells(line: string, separator: ',' | ' '): string[] {
  if (separator === ' ') return line.trim().split(/ +/)
  if (!line.includes('"')) return line.split(',')
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)].map(({ 1: quoted, 2: plain }) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  )
}
