/**
 * Everything the API refuses or fails at, with a stable code, and the one place that turns it into an answer.
 *
 * Example: `throw noSuchFleet('wep', ['web'])` answers 404
 * `{ error: { code: 'PLM-461', message: 'There is no fleet "wep".', hint: 'Did you mean "web"? ...' } }`.
 */

/** An error with a stable code and a way out. `statusCode` is 0 where it never becomes an HTTP answer. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string
  readonly statusCode: number

  constructor(statusCode: number, code: string, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.code = code
    this.hint = hint
    this.statusCode = statusCode
  }

  body(): { error: { code: string; message: string; hint: string } } {
    return { error: { code: this.code, message: this.message, hint: this.hint } }
  }
}

export function openWithoutToken(host: string): ApiError {
  return new ApiError(
    0,
    'PLM-450',
    `Refused to listen on ${host}: that address can be reached from other machines, and no token is set, so anyone could read the fleets and push samples.`,
    'Set one in the file, `api: { listen: "...", token: "$' +
      '{env:PLIMSOLL_TOKEN}" }`, with a long random value in that variable (for example from `openssl rand -hex 32`); or listen on 127.0.0.1.',
  )
}

export function portTaken(host: string, port: number, cause: unknown): ApiError {
  return new ApiError(
    0,
    'PLM-451',
    `Tried to listen on ${host} port ${port} for the API and the page; another process already does.`,
    `Stop that process (perhaps another Plimsoll), or choose another port: \`api: { listen: "${host}:${port + 1}" }\`. Port 0 lets the system choose.`,
    cause,
  )
}

export function cannotListen(host: string, port: number, cause: unknown): ApiError {
  const seen = cause instanceof Error ? cause.message : String(cause)
  return new ApiError(
    0,
    'PLM-452',
    `Tried to listen on ${host} port ${port} for the API and the page; the system said: ${seen}.`,
    'Use an address of this machine (127.0.0.1 is always one) and a port above 1023.',
    cause,
  )
}

export function hostNotAllowed(host: string | undefined): ApiError {
  return new ApiError(
    421,
    'PLM-453',
    host === undefined
      ? 'The request names no host.'
      : `The request is addressed to "${host}", which is not a name of this API.`,
    'Use the address Plimsoll printed at its start, or http://127.0.0.1 with its port. Other names are refused so that a web page cannot reach this API by pointing its own name here.',
  )
}

export function crossOrigin(origin: string): ApiError {
  return new ApiError(
    403,
    'PLM-454',
    `The request comes from a page of ${origin}, not from this one.`,
    'Browsers may call this API only from its own page. Programs send no Origin header.',
  )
}

export function tokenWanted(given: boolean): ApiError {
  return new ApiError(
    401,
    'PLM-455',
    given ? 'The token is not the one this API was started with.' : 'This API asks for a token.',
    'Send it as `Authorization: Bearer TOKEN`; it is the value of `api.token` in the configuration.',
  )
}

export function badRequest(message: string, hint = 'See /openapi.json for what this route takes.'): ApiError {
  return new ApiError(400, 'PLM-456', message, hint)
}

export function wrongContentType(seen: string | undefined): ApiError {
  return new ApiError(
    415,
    'PLM-457',
    seen === undefined || seen === ''
      ? 'The body does not say what it is.'
      : `The body is sent as "${seen}"; this API reads JSON only.`,
    'Send JSON with `Content-Type: application/json`.',
  )
}

export function bodyTooLarge(limitBytes: number): ApiError {
  return new ApiError(
    413,
    'PLM-458',
    `The body is larger than ${limitBytes} bytes; the rest of it was not read.`,
    'Send fewer samples at a time.',
  )
}

export function noSuchRoute(method: string, path: string): ApiError {
  return new ApiError(
    404,
    'PLM-459',
    `There is nothing at ${method} ${path}.`,
    'All routes are listed at /openapi.json; the page is at /.',
  )
}

export function methodNotAllowed(method: string, path: string, allowed: readonly string[]): ApiError {
  return new ApiError(
    405,
    'PLM-460',
    `${path} does not take ${method}.`,
    `It takes ${allowed.join(' and ')}.`,
  )
}

export function noSuchFleet(fleet: string, known: readonly string[]): ApiError {
  return new ApiError(404, 'PLM-461', `There is no fleet "${fleet}".`, listed('Fleets', known))
}

export function noSuchMetric(fleet: string, metric: string, known: readonly string[]): ApiError {
  return new ApiError(
    404,
    'PLM-462',
    `The fleet "${fleet}" has no metric "${metric}".`,
    listed('Metrics its rules and KPIs use', known),
  )
}

export function noSuchKpi(fleet: string, kpi: string, known: readonly string[]): ApiError {
  return new ApiError(404, 'PLM-489', `The fleet "${fleet}" has no KPI "${kpi}".`, listed('KPIs', known))
}

export function noSampleTaken(refused: number): ApiError {
  return new ApiError(
    422,
    'PLM-463',
    `None of the ${refused} samples was taken.`,
    '`refused` says why for each, by its position in the batch from 0.',
  )
}

export function tooManyRequests(limit: number): ApiError {
  return new ApiError(
    429,
    'PLM-464',
    `More than ${limit} requests within a second.`,
    'Wait as long as Retry-After says; put several samples into one request, keep the value of a setting for a second.',
  )
}

export function tooManyClients(limit: number): ApiError {
  return new ApiError(
    503,
    'PLM-465',
    `${limit} clients follow the events already; that is the most.`,
    'Close a page that is no longer looked at, or ask GET /v1/fleets at intervals instead.',
  )
}

export function defect(cause: unknown): ApiError {
  return new ApiError(
    500,
    'PLM-466',
    'Something went wrong while answering; the log has the details. The scaling loop is not concerned.',
    'If it happens again, please report it with the log line that carries this code.',
    cause,
  )
}

export function storeFailed(seen: string, cause: unknown): ApiError {
  return new ApiError(
    503,
    'PLM-467',
    `Asked the state store; it answered: ${seen}`,
    'Try again; if it stays so, see `plimsoll doctor` and the free space of the disk that holds the state.',
    cause,
  )
}

export const PAGE_NOT_BUILT = 'PLM-468'

export function noSuchFlag(key: string, known: readonly string[]): ApiError {
  return new ApiError(404, 'PLM-469', `There is no setting "${key}".`, listed('Settings', known))
}

export function ambiguousFlag(key: string, meant: readonly string[]): ApiError {
  return new ApiError(
    404,
    'PLM-469',
    `"${key}" is a setting of ${meant.length} fleets.`,
    `Name the fleet, as in ${meant.join(' or ')}, or in the context: { "fleet": "..." }.`,
  )
}

export const CONTEXT_REFUSED = 'PLM-470'

export function noSuchContextFleet(named: unknown, known: readonly string[]): ApiError {
  return new ApiError(
    400,
    CONTEXT_REFUSED,
    `The context's \`fleet\` is ${JSON.stringify(named)?.slice(0, 100)}, and there is no such fleet.`,
    `Leave it out, or give the name of one. ${listed('Fleets', known)}`,
  )
}

export const NO_SUCH_RULE = 'PLM-486'

export function noSuchRule(fleet: string, rule: string, known: readonly string[]): ApiError {
  return new ApiError(
    404,
    NO_SUCH_RULE,
    `The fleet "${fleet}" had no rule "${rule}".`,
    listed('Rules', known),
  )
}

export const RULES_NOT_KEPT = 'PLM-487'

export function rulesNotKept(fleet: string, digest: string): ApiError {
  return new ApiError(
    409,
    RULES_NOT_KEPT,
    `The rules "${fleet}" was decided by then (${digest}) are not kept, or cannot be read here.`,
    'Ask without whyNot and next for the decision itself; ask the daemon when a host program registered the plugins of the file.',
  )
}

export const NOTHING_RECORDED = 'PLM-488'

export function nothingRecorded(fleet: string): ApiError {
  return new ApiError(
    404,
    NOTHING_RECORDED,
    `Nothing is recorded of "${fleet}" at that time.`,
    'It had not ticked yet, or the journal does not reach back that far (`state: { journal: 30d }` sets how far).',
  )
}

export function noSuchOverride(fleet: string, override: string): ApiError {
  return new ApiError(
    404,
    'PLM-471',
    `The fleet "${fleet}" has no override "${override}" in force.`,
    `GET /v1/fleets/${encodeURIComponent(fleet)}/overrides lists them; perhaps its time is over.`,
  )
}

export function notWaiting(approval: string, waiting: readonly string[]): ApiError {
  return new ApiError(
    404,
    'PLM-472',
    `Nothing waits for a word on "${approval}": it was answered, has expired, is no longer needed, or never was.`,
    listed('Waiting now', waiting),
  )
}

export function answeredAlready(approval: string, cause: unknown): ApiError {
  return new ApiError(
    409,
    'PLM-473',
    `Somebody else has answered "${approval}" a moment ago; theirs counts.`,
    'GET /v1/fleets/FLEET/acts says who, and what.',
    cause,
  )
}

export function configurationRefused(problems: number): ApiError {
  return new ApiError(
    422,
    'PLM-474',
    `The configuration has ${problems} problem${problems === 1 ? '' : 's'}; the one before stays in force.`,
    '`problems` lists them with their places; `plimsoll validate FILE` does the same beforehand.',
  )
}

export function notTrusted(reaches: readonly string[]): ApiError {
  return new ApiError(
    403,
    'PLM-475',
    `The configuration would run or call something new (${reaches.slice(0, NAMES_SHOWN).join(', ')}). Over an API without a token anyone on this machine could ask for that, so nothing was changed.`,
    'Edit the file of the daemon itself, which it watches; or set `api.token` and restart it.',
  )
}

export function noConfigurationFile(): ApiError {
  return new ApiError(
    409,
    'PLM-476',
    'The configuration of this daemon was not read from a file, so a restart would forget the change; nothing was changed.',
    'Change it in the program that hosts Plimsoll.',
  )
}

export function configurationFailed(seen: string): ApiError {
  return new ApiError(
    409,
    'PLM-477',
    `The configuration is sound, but it could not be put in force: ${seen}`,
    'The one before stays in force, and in the file. Put right what the message names, and try again.',
  )
}

export function noSuchVersion(version: string, known: readonly string[]): ApiError {
  return new ApiError(
    404,
    'PLM-478',
    version === ''
      ? 'No other configuration was in force before.'
      : `"${version}" is not the beginning of just one version.`,
    listed('Versions, newest first', known),
  )
}

export function noBroker(fleet: string): ApiError {
  return new ApiError(
    404,
    'PLM-479',
    `The fleet "${fleet}" has no session broker; its sessions are not placed here.`,
    'Give it one with `router: { type: broker }`, or ask whoever places its sessions.',
  )
}

export function noSuchSession(fleet: string, session: string): ApiError {
  return new ApiError(
    404,
    'PLM-480',
    `The fleet "${fleet}" has no session "${session}": it never had, or it ended too long ago.`,
    `GET /v1/fleets/${encodeURIComponent(fleet)}/sessions lists them.`,
  )
}

export function sessionEnded(fleet: string, session: string, how: string): ApiError {
  return new ApiError(
    410,
    'PLM-481',
    `The session "${session}" of fleet "${fleet}" is over: ${how}.`,
    'Place it again if it is still wanted; it may come to another instance.',
  )
}

export function noReports(fleet: string): ApiError {
  return new ApiError(
    404,
    'PLM-483',
    `The instances of fleet "${fleet}" report no load here: it has no router of type agent.`,
    'Give it one with `router: { type: agent }`.',
  )
}

/** Its parts are only just being made, or made anew: what it knows of sessions is not there yet, which is not "none". */
export function notYetThere(fleet: string): ApiError {
  return new ApiError(
    503,
    'PLM-484',
    `The fleet "${fleet}" is only just starting.`,
    'Ask again when Retry-After is over; with the same session id, where there is one.',
  )
}

export const NO_SUCH_INSTANCE = 'PLM-482'

/** @param meant the one that was probably meant */
export function noSuchInstance(
  fleet: string,
  instance: string,
  known: readonly string[],
  meant: string | null,
): ApiError {
  return new ApiError(
    404,
    NO_SUCH_INSTANCE,
    `The fleet "${fleet}" has no instance "${instance}".`,
    meant === null ? listed('Instances', known) : `Did you mean "${meant}"? ${listed('Instances', known)}`,
  )
}

/** What the broker refused, with its own code and words. */
export function brokerRefused(statusCode: number, code: string, message: string, hint: string): ApiError {
  return new ApiError(statusCode, code, message, hint)
}

/** At most this many names in a hint. */
const NAMES_SHOWN = 20

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return `${what}: none.`
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''
  return `${what}: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}.`
}
