/**
 * What is to be built for a fleet: what the file says, what was asked for on the command line, and what Azure wants to have said on top.
 * What contradicts itself is refused; what an operator should know is noted.
 *
 * Example: a file with `exclusive: true` and no word of automatic repairs gets none, with a note that Plimsoll mends what is
 * unhealthy; the same with `--automatic-repairs` is refused.
 */

import type { Spec } from '../model/spec.ts'
import {
  type FleetFacts,
  factsOf,
  fleetOf,
  MOST_INSTANCES,
  type Probe,
  probeOf,
  within,
} from './fleet-facts.ts'
import { type Names, namesOf } from './names.ts'
import { InfrastructureRefusal } from './refusal.ts'

export type Mode = 'Uniform' | 'Flexible'

/** What the command line may ask for. */
export interface Wishes {
  readonly fleet?: string | undefined
  readonly mode?: Mode | undefined
  /** Where the application listens. */
  readonly port?: number | undefined
  /** Where the load balancer does. */
  readonly frontendPort?: number | undefined
  /** None: a region without zones. */
  readonly zones?: readonly string[] | undefined
  /** Whether instances can be reached by SSH through the load balancer. */
  readonly ssh?: boolean | undefined
  /** Another network is there already. */
  readonly ownNetwork?: boolean | undefined
  readonly health?: 'binary' | 'rich' | 'none' | undefined
  readonly automaticRepairs?: boolean | undefined
  readonly repairGraceMs?: number | undefined
  /** `null`: none. */
  readonly terminateNoticeMs?: number | null | undefined
}

export interface Design {
  readonly facts: FleetFacts
  readonly names: Names
  readonly mode: Mode
  readonly port: number
  readonly frontendPort: number
  readonly zones: readonly string[]
  readonly ssh: boolean
  readonly ownNetwork: boolean
  readonly probe: Probe
  /** Version 1 of the extension knows healthy and unhealthy; version 2 also initializing, and reads the body. */
  readonly health: 'binary' | 'rich' | 'none'
  readonly repairGraceMinutes: number | null
  readonly terminateNoticeMinutes: number | null
  /** Public ports for SSH, and shares of outbound ports: as many as there may ever be instances. */
  readonly seats: number
  /** What an operator should know before it is deployed. */
  readonly notes: readonly string[]
}

const MINUTE_MS = 60_000
const USUAL_NOTICE_MINUTES = 5
const LONGEST_NOTICE_MINUTES = 15

/** @throws InfrastructureRefusal PLM-800 to 802 */
export function designOf(spec: Spec, wishes: Wishes): Design {
  const facts = factsOf(fleetOf(spec, wishes.fleet))
  const port = wishes.port ?? facts.port ?? portOfHealth(facts) ?? 80
  const probe = probeOf(facts, port)
  const health = wishes.health ?? (probe.protocol === 'tcp' ? 'rich' : 'binary')
  const repairs = wantsRepairs(facts, wishes, health)
  const design: Omit<Design, 'notes'> = {
    facts,
    names: namesOf(facts.home),
    mode: wishes.mode ?? 'Uniform',
    port,
    frontendPort: wishes.frontendPort ?? (facts.secure ? 443 : 80),
    zones: zonesOf(facts, wishes),
    ssh: wishes.ssh ?? true,
    ownNetwork: wishes.ownNetwork ?? true,
    probe,
    health,
    repairGraceMinutes: repairs ? graceOf(facts, wishes) : null,
    terminateNoticeMinutes: noticeOf(facts, wishes),
    seats: seatsFor(facts.highest),
  }
  refuseClashes(design)
  return { ...design, notes: notesOn(design, wishes) }
}

/** @throws InfrastructureRefusal PLM-801 when the file launches in a zone that the scale set would not have */
function zonesOf({ zones, home }: FleetFacts, wishes: Wishes): readonly string[] {
  const wanted = wishes.zones ?? (zones.length === 0 ? ['1', '2', '3'] : [...zones].sort())
  const missing = zones.filter(zone => !wanted.includes(zone))
  if (missing.length === 0) return wanted
  throw new InfrastructureRefusal(
    'PLM-801',
    `${home.fleet} launches in the zones ${zones.join(', ')} (\`zones\` of its target), and --zones leaves out ${missing.join(', ')}.`,
  )
}

function portOfHealth({ health }: FleetFacts): number | null {
  const port = health?.probe.options.port
  return typeof port === 'number' ? port : null
}

/** Unless it is said: where the file does not claim that nobody else touches the instances. */
function wantsRepairs(facts: FleetFacts, wishes: Wishes, health: Design['health']): boolean {
  const { exclusive, home } = facts
  if (wishes.automaticRepairs === true && exclusive) {
    throw new InfrastructureRefusal(
      'PLM-801',
      `${home.fleet} says \`exclusive: true\`, nobody else adds or removes its instances, and automatic repairs replace what is unhealthy. Leave out --automatic-repairs, and Plimsoll does it; or set \`exclusive: false\`.`,
    )
  }
  if (wishes.automaticRepairs === true && health === 'none') {
    throw new InfrastructureRefusal(
      'PLM-801',
      'Automatic repairs go by what the health extension says, and there is to be none. Leave out --no-health or --automatic-repairs.',
    )
  }
  const wanted = wishes.automaticRepairs ?? (!exclusive && health !== 'none')
  if (!wanted && wishes.repairGraceMs !== undefined) {
    throw new InfrastructureRefusal(
      'PLM-801',
      `--repair-grace is for automatic repairs, and there are none${exclusive ? `: ${home.fleet} says \`exclusive: true\`` : ''}.`,
    )
  }
  return wanted
}

/** How long a new instance may be unhealthy: as long as the file lets it boot, within what Azure takes. */
function graceOf({ bootTimeoutMs }: FleetFacts, { repairGraceMs }: Wishes): number {
  const minutes = Math.ceil((repairGraceMs ?? bootTimeoutMs) / MINUTE_MS)
  if (repairGraceMs !== undefined && (minutes < 10 || minutes > 90)) {
    throw new InfrastructureRefusal(
      'PLM-802',
      'Azure takes 10 to 90 minutes of grace for automatic repairs (--repair-grace).',
    )
  }
  return within(10, minutes, 90)
}

/** Where sessions are to be ended in peace, as long as Azure allows, which is not long. */
function noticeOf({ hasSessions }: FleetFacts, { terminateNoticeMs }: Wishes): number | null {
  if (terminateNoticeMs === null) return null
  if (terminateNoticeMs === undefined) return hasSessions ? LONGEST_NOTICE_MINUTES : USUAL_NOTICE_MINUTES
  const minutes = Math.ceil(terminateNoticeMs / MINUTE_MS)
  if (minutes < USUAL_NOTICE_MINUTES || minutes > LONGEST_NOTICE_MINUTES) {
    throw new InfrastructureRefusal(
      'PLM-802',
      'Azure takes 5 to 15 minutes of notice before an instance is deleted (--terminate-notice).',
    )
  }
  return minutes
}

/** Half as many again and some: replacements are launched before what they replace is gone. */
function seatsFor(highest: number): number {
  return Math.min(MOST_INSTANCES, highest + Math.ceil(highest / 2) + 10)
}

export const FIRST_SSH_PORT = 50_000

function refuseClashes({ ssh, frontendPort, seats }: Omit<Design, 'notes'>): void {
  const last = FIRST_SSH_PORT + seats - 1
  if (ssh && frontendPort >= FIRST_SSH_PORT && frontendPort <= last) {
    throw new InfrastructureRefusal(
      'PLM-801',
      `The port ${frontendPort} of the load balancer is among those for SSH, ${FIRST_SSH_PORT} to ${last}. Choose another --frontend-port, or --no-ssh.`,
    )
  }
}

function notesOn(design: Omit<Design, 'notes'>, wishes: Wishes): string[] {
  const { facts, port, zones, health, probe, repairGraceMinutes, terminateNoticeMinutes } = design
  const { home, exclusive, hasSessions, initial, highest, reach } = facts
  const notes: (string | false)[] = [
    facts.port === null &&
      wishes.port === undefined &&
      `the file does not say where the application of ${home.fleet} listens (\`address\`): port ${port} is taken; --port says another`,
    facts.health === null &&
      `${home.fleet} has no \`health\`, so an instance counts as healthy when port ${probe.port} can be connected to`,
    facts.health?.probe.type === 'command' &&
      `the health of ${home.fleet} is asked by a command, which Azure cannot run: it asks whether port ${probe.port} can be connected to`,
    exclusive &&
      'automatic repairs are left off, since the file says `exclusive: true`: Plimsoll replaces what is unhealthy',
    repairGraceMinutes !== null &&
      hasSessions &&
      `automatic repairs delete an unhealthy instance with the sessions on it, ${terminateNoticeMinutes ?? 0} minutes after they say so; --no-automatic-repairs leaves it to Plimsoll, which waits for them`,
    terminateNoticeMinutes !== null &&
      `an instance that is deleted stays for up to ${terminateNoticeMinutes} minutes, and is paid for, unless something on it approves the event`,
    health === 'rich' &&
      probe.protocol !== 'tcp' &&
      `${probe.path ?? ''} has to answer {"ApplicationHealthState":"Healthy"}: without it the state is unknown, and automatic repairs replace what is unknown`,
    hasSessions &&
      'the load balancer spreads connections over all that answer its probe, also over what Plimsoll has closed: give the users of sessions the address of their instance, or let the application refuse there',
    zones.length > 1 &&
      initial < 2 &&
      `with ${initial} to begin with, ${home.fleet} is not spread over zones: \`min: 2\` or more makes it survive the loss of one`,
    highest === MOST_INSTANCES && `one scale set holds ${MOST_INSTANCES} instances at most`,
    wishes.mode === undefined &&
      'the scale set is a Uniform one; --mode flexible makes its instances VMs of their own. It cannot be changed later',
    design.ssh &&
      reach === null &&
      `with \`reach: { loadBalancer: ${design.names.loadBalancer} }\` in the target, \`plimsoll instances\` shows the port of each instance, and the template gives the role that takes`,
    reach !== null &&
      reach.toLowerCase() !== design.names.loadBalancer.toLowerCase() &&
      `\`reach\` is about the load balancer ${reach}, and this one is called ${design.names.loadBalancer}`,
    facts.metricsElsewhere.length > 0 &&
      `${facts.metricsElsewhere.join(', ')} ${facts.metricsElsewhere.length === 1 ? 'is' : 'are'} about resources of another resource group: give the role Monitoring Reader there yourself`,
    facts.onlyAdvises &&
      `${home.fleet} is in the mode "recommend": Plimsoll will launch nothing, and the role to do so is given all the same`,
  ]
  return notes.filter(note => note !== false)
}
