/**
 * What an operator may ask of one instance: drain it and let it go, keep it in any case, or neither any more. The same orders as
 * `plimsoll drain` and `plimsoll protect`.
 *
 * Example: [Drain] [Keep 2 h]; once it is asked to drain, [Undo drain].
 */
import { useEffect, useState } from 'preact/hooks'
import { post } from './connection.ts'
import type { Instance } from './wire.ts'

const KEEP_MS = 2 * 3_600_000

interface InstanceOrdersProps {
  readonly fleet: string
  readonly instance: Instance
}

/** Once said, the buttons wait for the tick that goes by it. */
export function InstanceOrders({ fleet, instance }: InstanceOrdersProps) {
  const { id, order, lifecycle, admission, sealed } = instance
  const draining = admission === 'closing' || admission === 'closed'
  const [said, say] = useState(false)
  const [failure, fail] = useState<string | null>(null)
  useEffect(() => {
    say(false)
    fail(null)
  }, [id, order])
  if (sealed || (lifecycle !== 'ready' && lifecycle !== 'booting')) return null

  async function ask(wanted: Instance['order']): Promise<void> {
    say(true)
    fail(null)
    try {
      await post(`v1/fleets/${encodeURIComponent(fleet)}/instances/${encodeURIComponent(id)}`, {
        order: wanted,
        who: 'the page',
        forMs: wanted === 'keep' ? KEEP_MS : null,
      })
    } catch (error) {
      say(false)
      fail(error instanceof Error ? error.message : String(error))
    }
  }

  const button = (text: string, wanted: Instance['order']) => (
    <button
      type="button"
      class="quiet order"
      disabled={said}
      aria-label={`${text} ${id}`}
      onClick={() => void ask(wanted)}
    >
      {text}
    </button>
  )
  return (
    <>
      {order === null ? (
        <>
          {draining ? null : button('Drain', 'drain')}
          {button('Keep 2 h', 'keep')}
        </>
      ) : (
        button(order === 'drain' ? 'Undo drain' : 'Undo keep', null)
      )}
      {failure === null ? null : (
        <small class="failed" role="alert">
          {failure}
        </small>
      )}
    </>
  )
}
