/**
 * Rows of a table, page by page, and never more than a tick can take: what is not whole is not used.
 *
 * Example: a filter that 20,001 rows pass is PLM-796 after the last full page; none of the 20,000 read is a sample.
 */
import type { TableClient } from '@azure/data-tables'
import { PluginError } from '../../../ports/plugin.ts'
import type { Row } from './layout.ts'

const MOST_ROWS = 20_000
/** The service may end a page early, even an empty one. */
const MOST_PAGES = 200
const PAGE_ROWS = 1_000

export async function readRows(
  client: TableClient,
  filter: string,
  columns: readonly string[],
  abortSignal: AbortSignal,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  let pages = 0
  const queryOptions = { filter, select: [...columns] }
  const asked = client.listEntities<Record<string, unknown>>({ queryOptions, abortSignal })
  for await (const page of asked.byPage({ maxPageSize: PAGE_ROWS })) {
    abortSignal.throwIfAborted()
    rows.push(...page)
    pages += 1
    if (rows.length > MOST_ROWS || (pages === MOST_PAGES && page.continuationToken !== undefined)) {
      throw tooMany(client.tableName, rows.length, pages)
    }
  }
  return rows
}

function tooMany(table: string, rows: number, pages: number): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-796 the table ${table} has more than ${rows} rows in ${pages} pages for this metric, and at most ${MOST_ROWS} in ${MOST_PAGES} are read; none is used. Name a role or an instance, or give it a shorter \`lookBack\`.`,
  )
}
