/**
 * Azure Monitor's data plane, asked for many metrics at once. What it refuses for all of a call it is asked again one by one, so that a
 * metric that does not exist is a gap of its own and of no other.
 *
 * Example: `ask([cpu, misspelt], 12:00..12:10, 'look', signal)` makes one call, which Azure refuses with 400, then one for each: `cpu` is answered,
 * `misspelt` is "PLM-765 tried to read ...".
 */
import type {
  MetricsClient,
  MetricsQueryResourcesOptions,
  MetricsQueryResult,
} from '@azure/monitor-query-metrics'
import type { Interval } from '../../../model/time.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Allowance, Purpose } from '../allowance.ts'
import { answeredBy } from '../failure.ts'
import { type Place, type PlaceContext, Places } from '../places.ts'
import { defaultCredential, loadSdk, watchedBy } from '../sdk.ts'
import { answerTo, type SeriesAnswer } from './answer.ts'
import { type Batch, batchesOf, batchOf, isoInterval, type Question } from './question.ts'

export interface MetricsSdk {
  readonly MetricsClient: typeof MetricsClient
}

export interface MetricsApiContext extends PlaceContext {
  readonly loadSdk?: () => Promise<MetricsSdk>
  /** Who needs the clients, in messages. */
  readonly who?: string
}

/** The client passes the signal on, though it does not say so. */
type Heard = MetricsQueryResourcesOptions & { readonly abortSignal: AbortSignal }

/** Calls at a time. */
const AT_ONCE = 4
/** Series of one resource; Azure gives ten unless it is told. */
const MOST_SERIES = 2_000
const REMEDY = {
  settings: '`resource`, `region` and `cloud`',
  role: 'Monitoring Reader on what is measured',
}

export class MetricsApi {
  readonly #places: Places<MetricsClient>

  constructor(context: MetricsApiContext) {
    this.#places = new Places(context, REMEDY, (place, allowance) => connect(place, context, allowance))
  }

  /** One answer per question, in order; `window` begins and ends with bins. */
  async ask(
    questions: readonly Question[],
    window: (question: Question) => Interval,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<readonly SeriesAnswer[]> {
    const answers = new Map<Question, SeriesAnswer>()
    const batches = batchesOf(questions)
    for (let from = 0; from < batches.length; from += AT_ONCE) {
      await Promise.all(
        batches.slice(from, from + AT_ONCE).map(async batch => {
          for (const [question, answer] of await this.#askBatch(batch, window, purpose, signal)) {
            answers.set(question, answer)
          }
        }),
      )
    }
    return questions.map(question => answers.get(question) ?? { gap: 'PLM-789 it was not asked for' })
  }

  close(): void {
    this.#places.close()
  }

  async #askBatch(
    batch: Batch,
    window: (question: Question) => Interval,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<readonly (readonly [Question, SeriesAnswer])[]> {
    const { members } = batch
    try {
      const results = await this.#call(batch, widest(members.map(window)), purpose, signal)
      return members.map(member => [member, answerTo(member, results)])
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      if (members.length === 1 || !isRefusal(error)) {
        const unanswered: SeriesAnswer = { gap: error.message, failure: error }
        return members.map(member => [member, unanswered])
      }
      const answers: (readonly [Question, SeriesAnswer])[] = []
      for (const member of members) {
        answers.push(...(await this.#askBatch(batchOf([member]), window, purpose, signal)))
      }
      return answers
    }
  }

  #call(
    { like, resources, metrics, aggregations }: Batch,
    window: Interval,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<MetricsQueryResult[]> {
    const [resource = ''] = resources
    const of = resources.length === 1 ? resource : `${resource} and ${resources.length - 1} more`
    return this.#places
      .at(like)
      .reading(purpose, `read ${metrics.join(', ')} of ${of}`, signal, (client, abortSignal) => {
        const options: Heard = {
          abortSignal,
          startTime: new Date(window.from),
          endTime: new Date(window.to),
          interval: isoInterval(like.intervalMs),
          aggregation: aggregations.join(','),
          ...(like.filter === null ? {} : { filter: like.filter, top: MOST_SERIES }),
          ...(like.rollUpBy === null ? {} : { rollUpBy: like.rollUpBy }),
        }
        return client.queryResources([...resources], [...metrics], like.namespace, options)
      })
  }
}

async function connect(
  { endpoint, audience, authorityHost, timeoutMs }: Place,
  context: MetricsApiContext,
  allowance: Allowance,
): Promise<MetricsClient> {
  const { MetricsClient: Client } = await loadSdk(
    context.who ?? 'the source azure-monitor',
    ['@azure/monitor-query-metrics', '@azure/identity'],
    context.loadSdk ?? (() => import('@azure/monitor-query-metrics')),
  )
  const credential =
    context.credential ??
    (await loadSdk('signing in to Azure', ['@azure/identity'], () => defaultCredential(authorityHost)))
  return new Client(endpoint, credential, {
    ...context.client,
    ...watchedBy(allowance, timeoutMs),
    audience: `${audience}/.default`,
  })
}

function widest(windows: readonly Interval[]): Interval {
  return {
    from: Math.min(...windows.map(({ from }) => from)),
    to: Math.max(...windows.map(({ to }) => to)),
  }
}

/** Of what was asked; not of who asks, nor for how often. */
function isRefusal({ cause }: PluginError): boolean {
  const { status } = answeredBy(cause)
  return status === 400 || status === 404 || status === 422
}
