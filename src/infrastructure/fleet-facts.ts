/**
 * What the configuration says of a fleet that matters to its infrastructure: where it is, how many instances it may have, how one is
 * asked whether it is well, and who else may touch it.
 *
 * Example: `capacity: { min: 2, max: 10 }`, `address: http://{computerName}:8080` and `health: { http: /healthz, every: 10s }` give two
 * instances to begin with, at most 10, and a probe of `/healthz` on port 8080 every 10 s.
 */
import { azureVmssTarget } from '../config/schema-azure-vmss.ts'
import { probeOptions } from '../config/schema-sessions.ts'
import type { FleetSpec, MetricSpec, Spec } from '../model/spec.ts'
import type { Home } from './names.ts'
import { InfrastructureRefusal } from './refusal.ts'

/** As Azure's health extension and its load balancer ask. */
export interface Probe {
  readonly protocol: 'http' | 'https' | 'tcp'
  readonly port: number
  /** `null` with tcp. */
  readonly path: string | null
  readonly intervalSeconds: number
  /** So many failures in a row take it out of the load balancer's rotation, and so many make it unhealthy. */
  readonly closesAfter: number
  readonly unhealthyAfter: number
}

export interface FleetFacts {
  readonly home: Home
  readonly exclusive: boolean
  /** What it begins with, and the most it may ever have. */
  readonly initial: number
  readonly highest: number
  /** Where the application listens; `null` where the file does not say. */
  readonly port: number | null
  readonly secure: boolean
  readonly health: FleetSpec['health']
  readonly hasSessions: boolean
  readonly drainMs: number | null
  readonly bootTimeoutMs: number
  /** It has metrics of Azure Monitor about what is in the same resource group. */
  readonly readsAzureMonitor: boolean
  /** Those about what is elsewhere. */
  readonly metricsElsewhere: readonly string[]
  /** The load balancer whose ports are shown as the way to an instance, where it is in the same resource group. */
  readonly reach: string | null
  /** In which each instance is launched by Plimsoll; none: Azure spreads them. */
  readonly zones: readonly string[]
  readonly onlyAdvises: boolean
}

/** The most that Azure puts into one scale set. */
export const MOST_INSTANCES = 1_000

const TARGET = 'azure-vmss'

/** @throws InfrastructureRefusal PLM-800 when it is not clear which fleet is meant */
export function fleetOf({ fleets }: Spec, wanted: string | undefined): FleetSpec {
  const all = Object.values(fleets)
  const fitting = all.filter(({ target }) => target.type === TARGET)
  const listed = fitting.map(({ name }) => name).join(', ')
  if (wanted !== undefined) {
    const found = fitting.find(({ name }) => name === wanted)
    if (found !== undefined) return found
    const type = fleets[wanted]?.target.type
    const saw =
      type === undefined ? `There is no fleet "${wanted}"` : `The target of ${wanted} is of the type ${type}`
    throw new InfrastructureRefusal(
      'PLM-800',
      `${saw}, and this is about fleets with the target ${TARGET}${listed === '' ? '; the file has none' : `: ${listed}`}.`,
    )
  }
  const [only, another] = fitting
  if (only === undefined) {
    throw new InfrastructureRefusal(
      'PLM-800',
      `No fleet of the file has the target ${TARGET}, so there is nothing to create on Azure. Give one \`target: { type: ${TARGET}, subscription, resourceGroup, scaleSet }\`.`,
    )
  }
  if (another !== undefined) {
    throw new InfrastructureRefusal(
      'PLM-800',
      `Several fleets have the target ${TARGET}: ${listed}. Name one with --fleet.`,
    )
  }
  return only
}

export function factsOf(fleet: FleetSpec): FleetFacts {
  const target = azureVmssTarget.parse(fleet.target.options)
  const { subscription, resourceGroup, scaleSet, exclusive, reach } = target
  const place = placeOf(target.address)
  return {
    home: { fleet: fleet.name, subscription, resourceGroup, scaleSet },
    exclusive,
    ...sizeOf(fleet),
    port: place?.port ?? null,
    secure: place?.secure ?? false,
    health: fleet.health,
    hasSessions:
      fleet.sessions.slotsPerInstance !== null || fleet.routers.some(({ type }) => type === 'broker'),
    drainMs: fleet.sessions.drain.deadlineMs,
    bootTimeoutMs: fleet.bootTimeoutMs,
    ...metricsOf(fleet, `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/`),
    reach: reach?.resourceGroup.toLowerCase() === resourceGroup.toLowerCase() ? reach.loadBalancer : null,
    zones: target.zones,
    onlyAdvises: fleet.mode === 'recommend',
  }
}

function metricsOf(
  { metrics }: FleetSpec,
  group: string,
): Pick<FleetFacts, 'readsAzureMonitor' | 'metricsElsewhere'> {
  const read = Object.values(metrics).filter(({ source }) => source === 'azure-monitor')
  const isHere = ({ options }: MetricSpec): boolean =>
    String(options.resource).toLowerCase().startsWith(group.toLowerCase())
  return {
    readsAzureMonitor: read.some(isHere),
    metricsElsewhere: read.filter(metric => !isHere(metric)).map(({ name }) => name),
  }
}

/** As the file's `health` asks, within what Azure allows; without one, whether the application's port can be connected to. */
export function probeOf({ health, secure }: FleetFacts, appPort: number): Probe {
  const intervalSeconds = within(5, Math.round((health?.everyMs ?? 5_000) / 1000), 60)
  const common = {
    intervalSeconds,
    closesAfter: within(1, health?.suspectAfter ?? 3, 24),
    unhealthyAfter: within(1, health?.unhealthyAfter ?? 6, 24),
  }
  if (health?.probe.type === 'http') {
    const { path, port } = probeOptions.http.parse(health.probe.options)
    return { protocol: secure ? 'https' : 'http', port: port ?? appPort, path, ...common }
  }
  const port = health?.probe.type === 'tcp' ? probeOptions.tcp.parse(health.probe.options).port : undefined
  return { protocol: 'tcp', port: port ?? appPort, path: null, ...common }
}

export function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** @throws InfrastructureRefusal PLM-802 when not even the fewest fit into a scale set */
function sizeOf({ name, constraints, quota }: FleetSpec): Pick<FleetFacts, 'initial' | 'highest'> {
  const enabled = constraints.filter(constraint => constraint.enabled)
  const always = enabled.find(({ schedule }) => schedule === null) ?? enabled[0]
  const wanted = always === undefined ? 1 : (always.default ?? always.min)
  const initial = Math.min(wanted, quota ?? wanted)
  const highest = Math.max(initial, ...enabled.map(({ max }) => max))
  if (initial > MOST_INSTANCES) {
    throw new InfrastructureRefusal(
      'PLM-802',
      `${name} begins with ${initial} instances, and one scale set holds ${MOST_INSTANCES}. Divide it into several fleets.`,
    )
  }
  return { initial, highest: Math.min(highest, quota ?? highest, MOST_INSTANCES) }
}

/** `http://{computerName}:8080` says where the application listens. */
function placeOf(address: string | null): { readonly port: number; readonly secure: boolean } | null {
  const filled = address?.replace(/\{\w+\}/g, 'x') ?? ''
  const text = filled.includes('://') ? filled : `http://${filled}`
  if (filled === '' || !URL.canParse(text)) return null
  const { protocol, port } = new URL(text)
  const secure = protocol === 'https:'
  const usual = secure ? 443 : 80
  return { port: port === '' ? usual : Number(port), secure }
}
