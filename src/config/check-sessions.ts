/**
 * What is wrong with a fleet's sessions, routers and health: settings that need another one, and kinds that exclude each
 * other.
 *
 * Example: `router: { type: broker }` without `sessions.slotsPerInstance` is PLM-147: the broker cannot know what is full.
 */
import type { z } from 'zod'
import { checkOneOf } from './check-one-of.ts'
import { CODES } from './codes.ts'
import type { FleetCheck } from './fleet-check.ts'
import { checkPluginName } from './plugin-name.ts'
import type { Path } from './problem.ts'
import { fleetSchema, MOST_ROUTERS } from './schema-fleet.ts'
import { haproxyCheckSchema, ROUTERS, routerOfType } from './schema-routers.ts'
import {
  drainSchema,
  healthSchema,
  PROBES,
  probeOptions,
  repairSchema,
  sessionsSchema,
  waitingSchema,
} from './schema-sessions.ts'
import { isMapping, isMisspelt, readMapping, readObject } from './shape.ts'

const SLOTS_HINT = 'add sessions: { slotsPerInstance: 20 }'

/** @param raw the fleet */
export function checkSessions(check: FleetCheck, raw: Readonly<Record<string, unknown>>, path: Path): void {
  const routers = checkRouters(check, raw.router, [...path, 'router'])
  const place = [...path, 'sessions']
  if (raw.sessions !== undefined) checkSessionKeys(check, raw.sessions, place)
  checkClosing(check, routers, raw.router)
  const broker = routers.find(({ type }) => type === 'broker')
  if (broker !== undefined) {
    requireSlots(check, raw, { what: 'the broker cannot know which instance is full', path: broker.path })
  } else if (raw.router === undefined && isMapping(raw.sessions) && !isAdvice(raw.target)) {
    requireSlots(check, raw, {
      what: 'without another router its sessions are placed by the broker, which cannot know which instance is full',
      path: place,
    })
  }
  if (raw.health !== undefined) checkHealth(check, raw.health, [...path, 'health'])
  if (raw.repair !== undefined) readObject(check, repairSchema, raw.repair, [...path, 'repair'])
}

/** A reserve counts in slots: somebody must say how many an instance has. */
export function requireSlots(
  check: FleetCheck,
  fleet: unknown,
  { what, path }: { readonly what: string; readonly path: Path },
): void {
  const sessions = isMapping(fleet) ? fleet.sessions : undefined
  if (isMapping(sessions) && sessions.slotsPerInstance !== undefined) return
  if (isMisspelt(sessionsSchema, sessions, 'slotsPerInstance')) return
  if (isMisspelt(fleetSchema(check.extensions), fleet, 'sessions')) return
  check.report({
    code: CODES.noSlots,
    message: `nothing says how many slots an instance has: ${what}`,
    hint: SLOTS_HINT,
    path,
  })
}

function isAdvice(target: unknown): boolean {
  return target === undefined || (isMapping(target) && target.type === 'none')
}

function checkSessionKeys(check: FleetCheck, raw: unknown, path: Path): void {
  const pieces = readObject(check, sessionsSchema, raw, path, ['drain', 'waiting'])
  if (pieces === null || !isMapping(raw)) return
  if (raw.drain !== undefined) readObject(check, drainSchema, raw.drain, [...path, 'drain'])
  if (raw.waiting !== undefined) readObject(check, waitingSchema, raw.waiting, [...path, 'waiting'])
  if (pieces.reserve !== undefined) {
    requireSlots(check, { sessions: raw }, { what: 'a reserve counts in slots', path: [...path, 'reserve'] })
  }
}

/** A router that only looks cannot keep new sessions from an instance that is to go. */
function checkClosing(check: FleetCheck, routers: readonly Named[], raw: unknown): void {
  const polled = routers.find(({ type }) => type === 'http')
  if (polled === undefined) return
  const written = Array.isArray(raw) ? raw[Number(polled.path.at(-1))] : raw
  const { close, reopen } = isMapping(written) ? written : {}
  if ((close === undefined) !== (reopen === undefined)) {
    check.report({
      code: CODES.missing,
      message: `the router has "${close === undefined ? 'reopen' : 'close'}" and no "${close === undefined ? 'close' : 'reopen'}"`,
      hint: 'give both, such as close: POST /drain and reopen: DELETE /drain, or neither',
      path: polled.path,
    })
  } else if (close === undefined && routers.length === 1) {
    check.report({
      code: CODES.cannotClose,
      message: 'no router of the fleet can keep new sessions from an instance that is to go',
      hint: 'add close: POST /drain and reopen: DELETE /drain, or a second router that places the sessions',
      path: polled.path,
    })
  }
}

interface Named {
  readonly type: string
  readonly path: Path
}

/** One, or a list of witnesses; each kind at most once, since two of a kind would be asked the same. */
function checkRouters(check: FleetCheck, raw: unknown, path: Path): readonly Named[] {
  if (raw === undefined) return []
  if (!Array.isArray(raw)) return checkRouter(check, raw, path)
  if (raw.length === 0 || raw.length > MOST_ROUTERS) {
    check.report({
      code: CODES.range,
      message: raw.length === 0 ? 'the list of routers is empty' : `more than ${MOST_ROUTERS} routers`,
      hint: raw.length === 0 ? 'name one, or delete "router"' : 'two or three witnesses are enough',
      path,
    })
  }
  const named = raw.flatMap((each: unknown, index) => checkRouter(check, each, [...path, index]))
  named.forEach(({ type, path: place }, index) => {
    if (named.findIndex(other => other.type === type) === index) return
    check.report({
      code: CODES.duplicateName,
      message: `the fleet has two routers of type ${JSON.stringify(type)}`,
      hint: 'several routers are witnesses of the same sessions: let each be of another type',
      path: [...place, 'type'],
    })
  })
  return named
}

function checkRouter(check: FleetCheck, raw: unknown, path: Path): readonly Named[] {
  if (!readMapping(check, raw, path)) return []
  const known = [...ROUTERS, ...(check.extensions.routers ?? [])]
  const type = checkPluginName(check, 'router', raw.type, known, [...path, 'type'])
  const schema = type === null ? null : routerOfType(type, check.extensions)
  const isChecked = type === 'haproxy' && isMapping(raw.check)
  const pieces: Readonly<Record<string, unknown>> | null =
    schema === null ? null : readObject(check, schema, raw, path, isChecked ? ['check'] : [])
  if (isChecked) readObject(check, haproxyCheckSchema, raw.check, [...path, 'check'])
  if (type === 'proxy') checkProxyListen(check, pieces?.listen, path)
  return type === null ? [] : [{ type, path }]
}

function checkProxyListen(check: FleetCheck, listen: unknown, path: Path): void {
  if (!isMapping(listen)) return
  const { host, port } = listen
  if (typeof host !== 'string' || typeof port !== 'number') return
  const owner = `the proxy of fleet ${JSON.stringify(path[1])}`
  check.listening.push({ host, port, path: [...path, 'listen'], owner, needsToken: false })
}

function checkHealth(check: FleetCheck, raw: unknown, path: Path): void {
  if (!readMapping(check, raw, path)) return
  const long = PROBES.filter(probe => isMapping(raw[probe]))
  const pieces = readObject(check, healthSchema, raw, path, long)
  for (const probe of long) {
    const schema: z.ZodObject = probeOptions[probe]
    readObject(check, schema, raw[probe], [...path, probe])
  }
  checkOneOf(check, raw, PROBES, path, 'health', 'add one of them, e.g. http: /healthz')
  const suspect = pieces?.suspectAfter ?? 0
  const unhealthy = pieces?.unhealthyAfter ?? suspect
  if (suspect <= unhealthy) return
  check.report({
    code: CODES.range,
    message: `it would be unhealthy after ${unhealthy} failures, before it is suspect after ${suspect}`,
    hint: 'let unhealthyAfter be at least suspectAfter',
    path: [...path, raw.unhealthyAfter === undefined ? 'suspectAfter' : 'unhealthyAfter'],
  })
}
