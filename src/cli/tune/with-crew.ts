/**
 * Replays with as many processes as are asked for, with a bar that says how far it is, and lets Ctrl-C keep what there is.
 *
 * Example: two workers on 402 replays, interrupted after 25: what was begun is finished, and the search says what it has.
 */
import { Crew } from '../../lab/tune/crew.ts'
import type { JobSetting } from '../../lab/tune/job.ts'
import type { Outcome, search } from '../../lab/tune/search.ts'
import { onInterrupt } from '../interrupts.ts'
import type { Io } from '../io.ts'
import { createProgress } from './progress.ts'

/** What a process ends with that is interrupted twice. */
const EXIT_INTERRUPTED = 130

type Work = (
  crew: Crew,
  isStopped: () => boolean,
  onProgress: Parameters<typeof search>[0]['onProgress'],
) => Promise<Outcome | null>

/** Ctrl-C once keeps what there is; a second one, a second or more later, ends at once. */
export async function withCrew(
  io: Io,
  { workers, setting }: { readonly workers: number; readonly setting: JobSetting },
  work: Work,
): Promise<Outcome | null> {
  const crew = new Crew({ workers, program: workerFile(), setting })
  const progress = createProgress(io)
  let isStopped = false
  const stopListening = onInterrupt(times => {
    if (times > 1) process.exit(EXIT_INTERRUPTED)
    isStopped = true
    progress.end()
    io.stderr.write(
      'Stopping: what was begun is finished, and the best so far replayed on the whole record.\n',
    )
    crew.stop()
  })
  try {
    return await work(
      crew,
      () => isStopped,
      done => {
        if (!isStopped) progress.update(done)
      },
    )
  } finally {
    stopListening()
    progress.end()
    await crew.close()
  }
}

/** Beside this file: `.ts` in the source tree, `.js` once compiled. */
export function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./worker.${extension}`, import.meta.url)
}
