/**
 * Which instance an agent runs on: as it was told, or as Azure says it, so that all instances of a scale set are started with the same words.
 *
 * Example: on a VM whose metadata say `{ "name": "rooms_7", "vmId": "6F1C...", "vmScaleSetName": "rooms" }` it is the instance `rooms_7`, and the one
 * of that name with the incarnation `6f1c...`.
 */
import type { InstanceMetadata, Self } from '../../plugins/azure/instance-metadata.ts'
import type { AgentOptions } from './options.ts'

export interface Identity {
  readonly instance: string
  readonly incarnation?: string
}

export interface IdentifyWorld {
  readonly metadata: Pick<InstanceMetadata, 'self'>
  wait(ms: number): Promise<unknown>
  trouble(because: string): void
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000

/** Asks until it is told; `null`: called off. */
export async function identityOnAzure(world: IdentifyWorld, signal: AbortSignal): Promise<Identity | null> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const self = await world.metadata.self(signal)
      return { instance: instanceOf(self), incarnation: self.vmId }
    } catch (error) {
      if (signal.aborted) break
      const saw = error instanceof Error ? error.message : String(error)
      world.trouble(`PLM-779 the name of this VM could not be read: ${saw}`)
      await world.wait(pauseMs)
    }
  }
  return null
}

export function identityTold({ instance, incarnation }: AgentOptions): Identity | null {
  return instance === undefined ? null : { instance, ...(incarnation === undefined ? {} : { incarnation }) }
}

/** As the target names it: one of a Uniform scale set after the set and its number, one of a Flexible set after its VM, in small letters. */
function instanceOf({ name, scaleSet }: Self): string {
  const isUniform =
    scaleSet !== null && /^_\d+$/.test(name.slice(scaleSet.length)) && lower(name).startsWith(lower(scaleSet))
  return isUniform ? name : lower(name)
}

function lower(text: string): string {
  return text.toLowerCase()
}
