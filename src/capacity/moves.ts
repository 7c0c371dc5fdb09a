/**
 * Zones that are uneven after trouble are evened out when nothing else is going on, one instance at a time: what is closed in
 * the emptiest zone is reopened, else one is launched there; when that is open, the cheapest in the fullest zone is closed.
 * No session is cut for it: what is closed drains like any other.
 *
 * Example: zone c was lost and is back: a 3, b 3, c 0. One is launched in c, then one of a is closed, then the same with b.
 */
import { byCloseCost } from './cost.ts'
import { closeIt, type Draft, mayGo, reopenIt } from './draft.ts'
import { isReopenable } from './grow.ts'
import { usableZones } from './zones.ts'

export function planMoves(draft: Draft): void {
  const { zones, open, at, memory, target } = draft
  if (zones.zones.length < 2 || !isQuiet(draft)) return
  const { well, tried } = usableZones(target.zones, memory.zoneTrouble, at)
  const from = zones.fullest()
  const to = zones.emptiest(target.zones.filter(zone => well.includes(zone) || tried.includes(zone)))
  if (from === null || to === null || (zones.in(from) ?? 0) - (zones.in(to) ?? 0) < 2) return
  const [leaves] = open.filter(instance => instance.zone === from && mayGo(instance)).sort(byCloseCost)
  if (leaves === undefined) return
  const because = `${zones.in(from)} in zone ${from} and ${zones.in(to)} in ${to}`
  const reopenable = draft.draining.filter(instance => isReopenable(draft, instance))
  const back = reopenable.find(({ zone, admission }) => zone === to && admission === 'closed')
  if (back !== undefined) {
    // What is about to be let go in this plan stays.
    reopenIt(draft, back, because)
    closeIt(draft, leaves, because)
  } else if (reopenable.length === 0) {
    draft.intents.push({ kind: 'launch', zone: to, because })
    draft.repairs.push({ at, instance: leaves.id, how: 'move', because })
  }
}

/** Nothing is on its way, nothing fails, and this plan does nothing else. */
function isQuiet(draft: Draft): boolean {
  const { intents, pending, failed, moving, ordered, open, desired, frozen, slow, memory, target, draining } =
    draft
  const room = target.highest ?? Number.POSITIVE_INFINITY
  return (
    intents.length === 0 &&
    pending.length === 0 &&
    failed.length === 0 &&
    moving.length === 0 &&
    ordered === 0 &&
    open.length === desired &&
    !frozen &&
    !slow &&
    memory.launchTrouble === null &&
    open.length + draining.length < room
  )
}
