/**
 * The page: which fleets there are, the one that is shown, and whether we still hear from the daemon.
 *
 * Example: `/#shop` shows the fleet "shop"; when the daemon stops, the head says "connection lost" until it is back.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ask, type ConnectionState, follow, hasToken, keepToken, TokenWanted } from './connection.ts'
import { FleetFeed } from './fleet-feed.ts'
import { FleetView, RANGES } from './fleet-view.tsx'
import { TokenForm } from './token-form.tsx'
import type {
  DeliveryEvent,
  FleetSummary,
  FreezeEvent,
  GapEvent,
  LostEvent,
  RunEvent,
  SamplesEvent,
  SettingsEvent,
  SpecEvent,
  TickEvent,
  TroubleEvent,
} from './wire.ts'
import { changeText, clockText } from './words.ts'

export function App() {
  const [fleets, setFleets] = useState<readonly FleetSummary[] | null>(null)
  const [connection, setConnection] = useState<ConnectionState>({ kind: 'connecting' })
  const [refusedSpec, setRefusedSpec] = useState<SpecEvent | null>(null)
  const [token, setToken] = useState(0)
  const [name, choose] = useHash()
  const [windowMs, setWindowMs] = useState<number>(RANGES[1].ms)
  const [redraw, drawAgain] = useRedraw()
  const skewMs = useRef(0)
  /** By name, what the last event of each fleet said. */
  const told = useRef(new Map<string, FleetSummary>())
  const shown = fleets?.find(fleet => fleet.name === name) ?? fleets?.[0] ?? null
  const shownName = shown?.name ?? null
  const feed = useMemo(
    () => (shownName === null ? null : new FleetFeed(shownName, windowMs, drawAgain)),
    [shownName, windowMs, drawAgain],
  )
  const current = useRef(feed)
  current.current = feed

  const loadFleets = useCallback(async () => {
    try {
      const answer = await ask<{ fleets: FleetSummary[] }>('v1/fleets')
      setFleets(answer.fleets.map(fleet => newer(fleet, told.current.get(fleet.name))))
    } catch (error) {
      if (error instanceof TokenWanted) setConnection({ kind: 'token-wanted' })
    }
  }, [])

  useEffect(() => {
    void feed?.load()
    return () => feed?.close()
  }, [feed])

  useEffect(
    () =>
      follow({
        onState(state) {
          setConnection(state)
          if (state.kind !== 'live') return
          void loadFleets()
          void current.current?.load()
        },
        onEvent(event, data) {
          if (event === 'spec') {
            const spec = data as SpecEvent
            setRefusedSpec(spec.state === 'refused' ? spec : null)
            void loadFleets()
          }
          if (event === 'tick') {
            const { fleet } = data as TickEvent
            if (fleet.lastTick !== null) skewMs.current = Date.parse(fleet.lastTick.at) - Date.now()
            told.current.set(fleet.name, fleet)
            setFleets(known => known?.map(one => (one.name === fleet.name ? fleet : one)) ?? null)
          }
          tell(current.current, event, data)
        },
      }),
    [token, loadFleets],
  )

  useEffect(() => {
    const timer = setInterval(drawAgain, 1000)
    return () => clearInterval(timer)
  }, [drawAgain])

  useEffect(() => {
    document.title =
      shown === null ? 'Plimsoll' : `${changeText(shown.current, shown.desired)} ${shown.name} · Plimsoll`
  }, [shown])

  return (
    <div class={connection.kind === 'lost' ? 'page stale' : 'page'} data-redraw={redraw}>
      <Head connection={connection} fleets={fleets ?? []} shown={shownName} onChoose={choose} />
      {refusedSpec === null ? null : <RefusedSpec spec={refusedSpec} />}
      {connection.kind === 'token-wanted' ? (
        <TokenForm
          refused={hasToken()}
          onToken={given => {
            keepToken(given)
            setConnection({ kind: 'connecting' })
            setToken(token + 1)
          }}
        />
      ) : shown === null || feed === null ? (
        <main class="empty">
          <p class="muted">{fleets === null ? 'Asking for the fleets …' : 'No fleet is configured.'}</p>
        </main>
      ) : (
        <FleetView feed={feed} summary={shown} now={Date.now() + skewMs.current} onRange={setWindowMs} />
      )}
    </div>
  )
}

/** An event may overtake the answer to a question asked before it. */
function newer(answered: FleetSummary, told: FleetSummary | undefined): FleetSummary {
  return told !== undefined && tickTime(told) > tickTime(answered) ? told : answered
}

function tickTime({ lastTick }: FleetSummary): number {
  return lastTick === null ? 0 : Date.parse(lastTick.at)
}

function tell(feed: FleetFeed | null, event: string, data: unknown): void {
  switch (event) {
    case 'tick':
      if ((data as TickEvent).fleet.name === feed?.name) feed.onTick(data as TickEvent)
      return
    case 'samples':
      if ((data as SamplesEvent).fleet === feed?.name) feed.onSamples(data as SamplesEvent)
      return
    case 'settings':
      if ((data as SettingsEvent).fleet === feed?.name) feed.onSettings(data as SettingsEvent)
      return
    case 'lost':
      if ((data as LostEvent).fleet === feed?.name) feed.onLost(data as LostEvent)
      return
    case 'freeze':
      if ((data as FreezeEvent).fleet === feed?.name) feed.onFreeze(data as FreezeEvent)
      return
    case 'trouble':
      if ((data as TroubleEvent).fleet === feed?.name) feed.onTrouble(data as TroubleEvent)
      return
    case 'ran':
      if ((data as RunEvent).fleet === feed?.name) feed.onRun(data as RunEvent)
      return
    case 'delivery':
      if ((data as DeliveryEvent).fleet === feed?.name) feed.onDelivery(data as DeliveryEvent)
      return
    case 'gap':
      if ((data as GapEvent).fleet === feed?.name) feed.onGap(data as GapEvent)
  }
}

interface HeadProps {
  readonly connection: ConnectionState
  readonly fleets: readonly FleetSummary[]
  readonly shown: string | null
  readonly onChoose: (name: string) => void
}

function Head({ connection, fleets, shown, onChoose }: HeadProps) {
  return (
    <header class="head">
      <h1>
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="16" r="9.5" />
          <path d="M2 16h28" />
        </svg>
        Plimsoll
      </h1>
      <nav aria-label="Fleets">
        {fleets.map(fleet => (
          <button
            key={fleet.name}
            type="button"
            aria-current={fleet.name === shown ? 'page' : undefined}
            onClick={() => onChoose(fleet.name)}
          >
            {fleet.name} <span class="tab-count">{fleet.current ?? '?'}</span>
          </button>
        ))}
      </nav>
      <Connection state={connection} />
    </header>
  )
}

function Connection({ state }: { state: ConnectionState }) {
  return (
    <p class={`connection ${state.kind}`} role="status">
      {connectionText(state)}
    </p>
  )
}

function connectionText(state: ConnectionState): string {
  switch (state.kind) {
    case 'connecting':
      return 'connecting'
    case 'live':
      return 'live'
    case 'lost': {
      const seconds = Math.max(1, Math.ceil((state.retryAt - Date.now()) / 1000))
      return `connection lost, next try in ${seconds} s`
    }
    case 'token-wanted':
      return 'locked'
  }
}

function RefusedSpec({ spec }: { spec: SpecEvent }) {
  return (
    <div class="banner" role="alert">
      <b>
        The configuration was changed at {clockText(spec.at)} and refused; the last good one stays in force.
      </b>
      <pre>{spec.problems}</pre>
    </div>
  )
}

/** The part of the address after `#`, and how to change it. */
function useHash(): [string, (name: string) => void] {
  const [hash, setHash] = useState(() => nameInAddress())
  useEffect(() => {
    const changed = () => setHash(nameInAddress())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return [
    hash,
    name => {
      location.hash = encodeURIComponent(name)
    },
  ]
}

function nameInAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

/** Draws again at the next frame, once, however many things changed. */
function useRedraw(): [number, () => void] {
  const [drawn, setDrawn] = useState(0)
  const asked = useRef(false)
  const drawAgain = useCallback(() => {
    if (asked.current) return
    asked.current = true
    requestAnimationFrame(() => {
      asked.current = false
      setDrawn(count => count + 1)
    })
  }, [])
  return [drawn, drawAgain]
}
