/**
 * `plimsoll run FILE`: the daemon. Starts the fleets, the API and the page, watches the file, and ends with nothing left
 * behind when it is told to.
 *
 * Example: `plimsoll run examples/quickstart/plimsoll.yaml --demo-load` serves the page on http://127.0.0.1:7070, a
 * fleet behind http://127.0.0.1:8080 and one of rooms, and sends them a day's requests and people in 100 s.
 */
import { createApi } from '../api/api.ts'
import { keptFolder } from '../compose/kept.ts'
import { compose, type Daemon } from '../compose.ts'
import { configurationFile, formatProblems, type Loaded, type LoadResult } from '../config/load.ts'
import { watchConfig } from '../config/watch.ts'
import { startDemoLoad } from '../demo/load.ts'
import { startVisitors, type VisitorsStatus } from '../demo/visitors.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import { keptFiles } from '../plugins/targets/process/kept-folder.ts'
import { CliError, EXIT_FAILED, EXIT_OK } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { onInterrupt } from './interrupts.ts'
import { type Io, resolvePath } from './io.ts'
import { createVoice, type Voice } from './run-voice.ts'
import { letYoungGenerationGrow } from './young-generation.ts'

export interface RunOptions {
  readonly demoLoad?: boolean
  /** Ends by itself after so long; for demonstrations and tests. Milliseconds. */
  readonly forMs?: number
}

/** Something that runs and must be ended, in the reverse of the order it was started in. */
type Ending = () => Promise<void>

export async function runCommand(file: string, options: RunOptions, io: Io): Promise<number> {
  const loaded = await loadFile(io, file)
  const voice = createVoice(io)
  io.goOnUnheard()
  const endings: Ending[] = []
  const stop = untilStopped(io, voice, options.forMs)
  try {
    const daemon = await compose(loaded, {
      log: voice.fleetLine,
      file: configurationFile(loaded.file),
      patience: { onWait: because => voice.say(because), signal: stop.signal },
    })
    endings.push(() => daemon.stop())
    daemon.subscribe(event => voice.event(event))
    const api = await createApi(daemon, { ...loaded.api, log: voice.apiLog })
    endings.push(() => api.close())
    // First the port that may be taken, so that a second start by mistake launches nothing.
    const { url } = await api.listen()
    await daemon.start()
    announce(voice, daemon, url)
    letYoungGenerationGrow()
    endings.push(followChanges(resolvePath(io, file), daemon, voice, loaded))
    if (options.demoLoad === true)
      endings.push(...startDemo(daemon, voice, { api: url, token: loaded.api.token }))
    await stop.asked
    return EXIT_OK
  } finally {
    for (const end of endings.reverse()) await end()
    stop.over()
    sayKept(voice, file, keptFiles(keptFolder(loaded.state.path)).length)
  }
}

/** Nobody should wonder later what it is that still runs. */
function sayKept(voice: Voice, file: string, kept: number): void {
  if (kept > 0) voice.say(`${kept} kept instances go on; \`plimsoll down ${file}\` ends them`, { kept })
}

function announce(voice: Voice, daemon: Daemon, url: string): void {
  voice.say(`the page is at ${url}, the API beside it (${url}/openapi.json)`, { url })
  for (const name of Object.keys(daemon.spec().fleets)) {
    const address = daemon.address(name)
    if (address !== null) voice.say(`fleet ${name} answers at ${address}`, { fleet: name, address })
  }
}

/** One change at a time, in the order they were written; the ending lets the one under way finish. */
function followChanges(file: string, daemon: Daemon, voice: Voice, started: Loaded): Ending {
  let changing = Promise.resolve()
  const onChange = (result: LoadResult): void => {
    changing = changing.then(() => applyChange(daemon, voice, started, result))
  }
  // Against what was loaded, so that a change made while the fleets were starting is not missed.
  const watch = watchConfig(file, onChange, { text: started.text })
  return async () => {
    watch.close()
    await changing
  }
}

/** What is opened once, at the start. */
function startOnlyChanges(started: Loaded, changed: Loaded): string[] {
  const parts = ['api', 'state'] as const
  return parts.filter(part => JSON.stringify(started[part]) !== JSON.stringify(changed[part]))
}

async function applyChange(daemon: Daemon, voice: Voice, started: Loaded, result: LoadResult): Promise<void> {
  if (!result.ok) {
    daemon.refuse(formatProblems(result.problems, result.text, { colour: false }).trimEnd())
    return
  }
  const { loaded } = result
  if (loaded.spec.digest === daemon.spec().digest) {
    voice.say('the file is as it is in force again', { digest: loaded.spec.digest })
    return
  }
  try {
    await daemon.apply(loaded)
    voice.say('the changed configuration is in force', { digest: loaded.spec.digest })
    for (const part of startOnlyChanges(started, loaded)) {
      voice.say(`the change of \`${part}\` takes effect at the next start`, { part })
    }
  } catch (error) {
    daemon.refuse(error instanceof Error ? error.message : String(error))
  }
}

/** Requests for the first fleet behind the proxy, people for the first whose sessions we place. */
function startDemo(daemon: Daemon, voice: Voice, door: { api: string; token: string | null }): Ending[] {
  const fleets = Object.keys(daemon.spec().fleets)
  const url = fleets.map(name => daemon.address(name)).find(address => address !== null) ?? null
  const fleet = fleets.find(name => daemon.broker(name) !== null) ?? null
  if (url === null && fleet === null) {
    throw new CliError(
      'PLM-515',
      'there is no fleet behind the built-in proxy for --demo-load to send requests to, and none with a session broker to send people to',
    )
  }
  const endings: Ending[] = []
  if (url !== null) {
    const load = startDemoLoad({ url, clock: systemClock, onTick: status => voice.demo(status) })
    endings.push(() => load.stop())
  }
  if (fleet !== null) {
    const onTick = (status: VisitorsStatus): void => voice.visitors(status)
    const visitors = startVisitors({ ...door, fleet, clock: systemClock, onTick })
    endings.push(async () => {
      await visitors.stop()
      voice.visitors(visitors.status(), 'last')
    })
  }
  return endings
}

interface Stop {
  readonly asked: Promise<void>
  /** Aborted when it is asked: a start that only waits is called off. */
  readonly signal: AbortSignal
  /** Gives the signals their usual meaning back. */
  over(): void
}

/** The first wish drains and ends; the second ends at once (instances cannot outlive the daemon in any case). */
function untilStopped(io: Io, voice: Voice, forMs: number | undefined): Stop {
  let stopListening = (): void => undefined
  let cancel = (): void => undefined
  const calledOff = new AbortController()
  const asked = new Promise<void>(resolve => {
    stopListening = onInterrupt(times => {
      if (times > 1) process.exit(EXIT_FAILED)
      if (io.isTerminal) io.stdout.write('\n')
      voice.say('stopping: requests in flight may finish, then the instances end (Ctrl-C again: at once)')
      calledOff.abort()
      resolve()
    })
    if (forMs !== undefined) cancel = systemClock.after(forMs, resolve)
  })
  return {
    asked,
    signal: calledOff.signal,
    over: () => {
      cancel()
      stopListening()
    },
  }
}
