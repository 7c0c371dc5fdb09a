/**
 * What is to be done so that HAProxy has just the servers it should. Pure: the list we were told and the servers there
 * are, in; commands out.
 *
 * Servers of ours that are in no list any more are drained: their sessions go on. Servers that are not ours are left
 * alone. A former incarnation of an instance, or whatever has the address of a listed one, is over.
 *
 * Example: told web-1 (open) and web-2 (closed); HAProxy was reloaded and has none. Both are added; then, asked again with
 * them there, it drains both, so that each user's entry finds its server; only then is web-1 made ready.
 */
import { type Address, formatAddress } from './address.ts'
import { type Command, enableHealth, setAddress, setState } from './commands.ts'
import type { Names } from './names.ts'
import type { Server } from './servers.ts'

/** How an instance should be in HAProxy. */
export interface Wish {
  readonly id: string
  readonly name: string
  readonly address: Address
  readonly open: boolean
}

export interface Wishes {
  readonly wanted: readonly Wish[]
  /** Names of those that ended: their servers go, and what they seem to hold with them. */
  readonly over: ReadonlySet<string>
}

export interface Reconciliation {
  readonly add: readonly Wish[]
  /** Everything but opening, of those that are there. */
  readonly prepare: readonly Command[]
  readonly open: readonly Command[]
  /** To be cut and deleted. */
  readonly end: readonly Server[]
  /** Drained already and in no list: to be deleted once they are empty. */
  readonly unlisted: readonly Server[]
}

export function reconcile(
  backend: string,
  names: Names,
  { wanted, over }: Wishes,
  servers: readonly Server[],
): Reconciliation {
  const there = new Map(servers.map(server => [server.name, server]))
  const isWanted = new Set(wanted.map(wish => wish.name))
  const parts = new Set(wanted.map(wish => names.instancePart(wish.name)))
  const addresses = new Set(wanted.map(wish => formatAddress(wish.address)))
  const others = servers.filter(({ name }) => names.isOurs(name) && !isWanted.has(name))
  const isOver = ({ name, address }: Server): boolean =>
    over.has(name) || parts.has(names.instancePart(name)) || addresses.has(formatAddress(address))
  const unlisted = others.filter(server => !isOver(server))
  return {
    add: wanted.filter(wish => !there.has(wish.name)),
    prepare: [
      ...unlisted
        .filter(server => server.state !== 'drain')
        .map(server => setState(backend, server.name, 'drain')),
      ...wanted.flatMap(wish => prepare(backend, wish, there.get(wish.name))),
    ],
    open: wanted
      .filter(wish => wish.open && isThereAndNot(there.get(wish.name), 'ready'))
      .map(wish => setState(backend, wish.name, 'ready')),
    end: others.filter(isOver),
    unlisted: unlisted.filter(server => server.state === 'drain'),
  }
}

function isThereAndNot(server: Server | undefined, state: Server['state']): boolean {
  return server !== undefined && server.state !== state
}

function prepare(backend: string, { name, address, open }: Wish, server: Server | undefined): Command[] {
  if (server === undefined) return []
  const commands: Command[] = []
  if (server.checkIsOff) commands.push(enableHealth(backend, name))
  if (formatAddress(server.address) !== formatAddress(address))
    commands.push(setAddress(backend, name, address))
  if (server.state === 'maint' || (!open && server.state === 'ready'))
    commands.push(setState(backend, name, 'drain'))
  return commands
}
