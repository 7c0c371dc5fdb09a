/**
 * Judges what the fake is asked and what it answers by Microsoft's own description of the API: the swagger of 2021-11-01, and for what is newer
 * than that, see `newer.ts`, by Microsoft's client. A fake that only its author has looked at proves little.
 *
 * Example: a rig hands every exchange to a judge; 40 exchanges later `await judge.verdict()` is `{ judged: Map { 'VirtualMachineScaleSets_Get' => 12,
 * ... }, complaints: [] }`. Had the fake answered `"capacity": "3"`, there would be one: `VirtualMachineScaleSets_Get, reply 200 /sku/capacity: Expected
 * type integer but found type string`.
 *
 * The client's api-version is newer than the swagger's; what it asks is judged as if it had asked for that one.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { LiveValidator, RequestResponsePair } from 'oav'
import { z } from 'zod'
import type { Exchange } from './fake-azure.ts'
import { judgeNewer, NEWER_FIELDS, NEWER_OPERATIONS } from './newer.ts'

const FOLDER = resolve(import.meta.dirname, '../../../shared/azure')
const SWAGGER = 'compute-scale-sets-2021-11-01.swagger.json'
const API_VERSION = '2021-11-01'

/** To be put behind the names of tests that need it. */
export const absent = existsSync(resolve(FOLDER, SWAGGER)) ? '' : ' (skipped: ../shared/azure is absent)'

/** One that is broken says the same thing with every answer. */
const MOST_COMPLAINTS = 20

export interface Verdict {
  /** How many exchanges of each operation. */
  readonly judged: ReadonlyMap<string, number>
  readonly complaints: readonly string[]
}

export class Judge {
  readonly #validator: LiveValidator
  readonly #judged = new Map<string, number>()
  readonly #complaints = new Set<string>()
  #underway: Promise<void> = Promise.resolve()

  private constructor(validator: LiveValidator) {
    this.#validator = validator
  }

  /** `null` where the swagger is absent. */
  static async open(): Promise<Judge | null> {
    return absent === '' ? new Judge(await loaded()) : null
  }

  readonly hear = (exchange: Exchange): void => {
    // Now, since the fake goes on changing what it answered with.
    const said = Exchanged.parse(JSON.parse(JSON.stringify(exchange)))
    this.#underway = this.#underway
      .then(() => this.#judge(said))
      .catch(error => void this.#complaints.add(`${said.method} ${said.url}, not judged: ${error}`))
  }

  async verdict(): Promise<Verdict> {
    await this.#underway
    return { judged: this.#judged, complaints: [...this.#complaints] }
  }

  async #judge(exchange: Exchange): Promise<void> {
    const url = asked(exchange.url)
    const newer = NEWER_OPERATIONS.find(
      ({ method, path }) => method === exchange.method && path.test(new URL(url, 'https://fake').pathname),
    )
    const { operation, issues } =
      newer === undefined
        ? await this.#byTheSwagger(exchange, url)
        : { operation: newer.name, issues: await judgeNewer(newer, exchange) }
    this.#judged.set(operation, (this.#judged.get(operation) ?? 0) + 1)
    for (const issue of [...issues, ...promises(exchange)]) {
      if (this.#complaints.size < MOST_COMPLAINTS) this.#complaints.add(`${operation}, ${issue}`)
    }
  }

  async #byTheSwagger(exchange: Exchange, url: string) {
    const { method, headers, body, reply } = exchange
    const pair: RequestResponsePair = {
      liveRequest: {
        url,
        method,
        headers: { ...headers },
        query: Object.fromEntries(new URL(url, 'https://fake').searchParams),
        ...(isRecord(body) ? { body } : {}),
      },
      liveResponse: {
        statusCode: String(reply.status),
        headers: { ...reply.headers },
        ...(isRecord(reply.body) ? { body: reply.body } : {}),
      },
    }
    const result = await this.#validator.validateLiveRequestResponse(pair)
    const { requestValidationResult: request, responseValidationResult: response } = result
    const unknown = request.runtimeException ?? response.runtimeException ?? result.runtimeException
    if (unknown !== undefined) {
      const what = `${method} ${url.split('?')[0]}`
      return {
        operation: what,
        issues: [`not judged: ${unknown.message} Newer than the swagger? Then add it to newer.ts.`],
      }
    }
    const issues = request.errors.map(error => `request ${told(error)}`)
    for (const error of response.errors) {
      if (!(await isNewer(error, reply.body))) issues.push(`reply ${reply.status} ${told(error)}`)
    }
    return { operation: response.operationInfo.operationId, issues }
  }
}

const Exchanged = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
  reply: z.object({
    status: z.number(),
    body: z.unknown(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
})

type Complaint = Awaited<ReturnType<LiveValidator['validateLiveRequest']>>['errors'][number]

function told({ pathsInPayload, message }: Complaint): string {
  return `${pathsInPayload.join(', ')}: ${message}`
}

/** It is only that the swagger is older, and the client has it as it should. */
async function isNewer(
  { code, source, params = [], pathsInPayload }: Complaint,
  body: unknown,
): Promise<boolean> {
  if (code !== 'OBJECT_ADDITIONAL_PROPERTIES') return false
  const definition = source.jsonRef?.split('/').at(-1)
  const newer = NEWER_FIELDS[`${definition}.${params[0]}`]
  if (newer === undefined) return false
  for (const path of pathsInPayload) {
    // One of a list, or the answer itself.
    const [, inList = ''] = /^(\/value\/\d+)\//.exec(path) ?? []
    const read = await newer.read(at(body, inList))
    const isHandedOn = JSON.stringify(read) === JSON.stringify(at(body, path))
    if (read === undefined || !isHandedOn || !newer.is.safeParse(read).success) return false
  }
  return true
}

/** What the resource manager promises for all its services, and the swagger does not say. */
function promises({ reply }: Exchange): string[] {
  const { status, headers = {} } = reply
  const follows = 'location' in headers || 'azure-asyncoperation' in headers
  const isPoll = isRecord(reply.body) && 'status' in reply.body
  return status === 202 && !follows && !isPoll ? ['reply 202: nothing says where to ask how it goes'] : []
}

function asked(url: string): string {
  const parsed = new URL(url, 'https://fake')
  parsed.searchParams.set('api-version', API_VERSION)
  return `${parsed.pathname}?${parsed.searchParams}`
}

function at(body: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), body)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

let validator: Promise<LiveValidator> | null = null

function loaded(): Promise<LiveValidator> {
  validator ??= load()
  return validator
}

async function load(): Promise<LiveValidator> {
  const { LiveValidator } = await import('oav')
  const options = {
    directory: FOLDER,
    swaggerPathsPattern: [SWAGGER],
    git: { shouldClone: false },
    isPathCaseSensitive: false,
    isArmCall: true,
  }
  // What it would print is in its answers too.
  const fresh = new LiveValidator(options, () => undefined)
  await fresh.initialize()
  return fresh
}
