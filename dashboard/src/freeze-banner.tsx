/**
 * A fleet that froze, said plainly: since when, why, what is held back, how it ends; and the button that ends it now.
 *
 * Example: "Frozen since 12:04:15: 3 of 5 instances are unhealthy. Nothing is closed ... or 12:34 at the latest." [Unfreeze]
 */
import { useEffect, useState } from 'preact/hooks'
import { post } from './connection.ts'
import type { Freeze } from './wire.ts'
import { clockText, whenText } from './words.ts'

interface FreezeBannerProps {
  readonly fleet: string
  readonly freeze: Freeze
  readonly now: number
}

export function FreezeBanner({ fleet, freeze, now }: FreezeBannerProps) {
  const [said, say] = useState(false)
  const [failure, fail] = useState<string | null>(null)
  useEffect(() => {
    say(false)
    fail(null)
  }, [fleet, freeze.since])

  async function unfreeze(): Promise<void> {
    say(true)
    fail(null)
    try {
      await post(`v1/fleets/${encodeURIComponent(fleet)}/unfreeze`, { who: 'the page' })
    } catch (error) {
      say(false)
      fail(error instanceof Error ? error.message : String(error))
    }
  }

  return (
    <section class="banner freeze" aria-label="Frozen">
      <p>
        <b>
          Frozen since {clockText(freeze.since)}: {freeze.because}.
        </b>{' '}
        Nothing is closed, ended or restarted until that is over, or {whenText(freeze.until, now)} at the
        latest; launching goes on.
      </p>
      <button type="button" disabled={said} onClick={() => void unfreeze()}>
        {said ? 'Unfreezing …' : 'Unfreeze'}
      </button>
      {failure === null ? null : <p role="alert">{failure}</p>}
    </section>
  )
}
