/**
 * Azure Monitor Logs with tables that were put in by the text of their queries: it cuts them to the time that is asked for, and refuses any other
 * query as Azure does, with the reason deep inside.
 *
 * Example: after `logs.put('requests | count', [['timestamp', 'datetime'], ['n', 'long']], [['2026-11-22T11:59:00Z', 7]])` that query answers one
 * row where its timespan holds 11:59, and none otherwise.
 */
import { FakeAzure, type Question, type Reply } from './fake-azure.ts'

export const WORKSPACE = '5f1c0000-0000-4000-8000-00000000000a'
export const COMPONENT =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers/Microsoft.Insights/components/web'

type Cell = string | number | boolean | null
type Column = readonly [name: string, type: string]

interface Put {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

export class FakeLogs extends FakeAzure {
  readonly #tables = new Map<string, Put>()
  /** Timespans that were asked for. */
  readonly spans: string[] = []
  /** Said beside the rows: there were more. */
  partial: { readonly code: string; readonly message: string } | null = null

  static start(...identity: ConstructorParameters<typeof FakeAzure>): Promise<FakeLogs> {
    return new FakeLogs(...identity).listen()
  }

  put(query: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    this.#tables.set(query, { columns, rows })
  }

  protected answer({ method, url, body }: Question): Reply {
    const isKnown = [`/v1/workspaces/${WORKSPACE}/query`, `/v1${COMPONENT}/query`].includes(url.pathname)
    if (method !== 'POST' || !isKnown) {
      return {
        status: 404,
        body: { error: { code: 'PathNotFoundError', message: 'The requested path does not exist' } },
      }
    }
    const said = (name: string): string => {
      const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : null
      return typeof value === 'string' ? value : ''
    }
    const table = this.#tables.get(said('query'))
    if (table === undefined) return badQuery()
    this.spans.push(said('timespan'))
    const [from = Number.NaN, to = Number.NaN] = said('timespan')
      .split('/')
      .map(each => Date.parse(each))
    const time = table.columns.findIndex(([, type]) => type === 'datetime')
    const rows = table.rows.filter(row => {
      const at = Date.parse(String(row[time]))
      return Number.isNaN(at) || (at >= from && at <= to)
    })
    return {
      status: 200,
      body: {
        tables: [
          { name: 'QueryStatus', columns: [{ name: 'n', type: 'int' }], rows: [[0]] },
          { name: 'PrimaryResult', columns: table.columns.map(([name, type]) => ({ name, type })), rows },
        ],
        ...(this.partial === null ? {} : { error: this.partial }),
      },
    }
  }
}

function badQuery(): Reply {
  const innererror = {
    code: 'SyntaxError',
    message: 'A recognition error occurred in the query.',
    innererror: { code: 'SYN0002', message: 'Query could not be parsed at "foo" on line [1,12]' },
  }
  return {
    status: 400,
    body: {
      error: { code: 'BadArgumentError', message: 'The request had some invalid properties', innererror },
    },
  }
}
