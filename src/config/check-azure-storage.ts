/**
 * What the keys of a metric in a storage account say of each other: one way to the account, and, of a table, the keys that its kind
 * needs and no others.
 *
 * Example: `{ source: azure-table, table: WADPerformanceCountersTable, partition: shop }` has two findings: "counter" is missing,
 * and a table like this has no use for "partition".
 */
import { checkOneOf } from './check-one-of.ts'
import { CODES } from './codes.ts'
import type { Path } from './problem.ts'
import { STORAGE_WAYS } from './schema-azure-storage.ts'
import { LAYOUT_KEYS, layoutOfTable, TABLE_NAME } from './schema-azure-table.ts'
import type { Reading } from './shape.ts'

type Raw = Readonly<Record<string, unknown>>

export function checkAzureStorage(check: Reading, source: string | null, raw: Raw, path: Path): void {
  if (source !== 'azure-queue' && source !== 'azure-table') return
  const hint = 'say which account, e.g. account: shopdata, or connection: "${env:SHOP_STORAGE}"'
  checkOneOf(check, raw, STORAGE_WAYS, path, `a metric of ${source}`, hint)
  const { table } = raw
  if (source !== 'azure-table' || typeof table !== 'string' || !TABLE_NAME.test(table)) return
  checkTable(check, table, raw, path)
}

function checkTable(check: Reading, table: string, raw: Raw, path: Path): void {
  const layout = layoutOfTable(table)
  const { needs, may } = LAYOUT_KEYS[layout]
  const all = Object.values(LAYOUT_KEYS).flatMap(keys => [...keys.needs, ...keys.may])
  for (const name of needs) {
    if (raw[name] !== undefined) continue
    const hint = EXAMPLES[name] ?? ''
    check.report({ code: CODES.missing, message: `"${name}" is missing for the table ${table}`, hint, path })
  }
  for (const name of new Set(all)) {
    if (raw[name] === undefined || needs.includes(name) || may.includes(name)) continue
    check.report({
      code: CODES.exclusiveKeys,
      message: `the table ${table} has no use for "${name}"`,
      hint: `it has ${[...needs, ...may, 'where'].join(', ')}`,
      path: [...path, name],
      part: 'key',
    })
  }
  if (layout === 'any') checkKeys(check, raw, path)
}

const EXAMPLES: Readonly<Record<string, string>> = {
  counter: "add e.g. counter: '\\Processor(_Total)\\% Processor Time'",
  resource: 'add the full id of the scale set or VM',
  value: 'name the column with the number, e.g. value: TotalRequests',
}

function checkKeys(check: Reading, { partition, time, timeAs, where }: Raw, path: Path): void {
  const isKey = time === 'PartitionKey' || time === 'RowKey'
  if (isKey && (timeAs === undefined || timeAs === 'date')) {
    check.report({
      code: CODES.missing,
      message: `keys are texts, and nothing says how ${String(time)} says the time`,
      hint: 'add e.g. timeAs: ticks',
      path,
    })
  }
  const byWhere = typeof where === 'string' && /\bPartitionKey\s+(eq|ge|gt)\s/.test(where)
  if (partition !== undefined || time === 'PartitionKey' || byWhere) return
  check.report({
    code: CODES.missing,
    message: 'nothing says in which partition to look, so that every read would go through the whole table',
    hint: 'add partition, time: PartitionKey, or a where with PartitionKey',
    path,
  })
}
