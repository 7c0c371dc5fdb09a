/**
 * A thread that replays configurations, one after the other, on the record it was started with.
 *
 * Example: a job with a fleet of three rules and 43,200 bins is answered about 0.1 s later with its scores.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { CrewAnswer } from '../../lab/tune/crew.ts'
import { type Job, type JobSetting, runJob } from '../../lab/tune/job.ts'
import type { Schedule } from '../../model/schedule.ts'
import { createCalendar } from '../../plugins/calendars/temporal.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'

const setting: JobSetting = workerData
const ports = { calendar: createCalendar(), createStore: createMemoryStore }
/** The calendar keeps what it worked out by the schedule's object, and each job brings a copy of its own. */
const schedules = new Map<string, Schedule>()

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await answer(job)))

async function answer(job: Job): Promise<CrewAnswer> {
  try {
    return { ok: true, scores: await runJob({ ...job, schedules: kept(job.schedules) }, setting, ports) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null
    return { ok: false, code, message: error instanceof Error ? error.message : String(error) }
  }
}

function kept(given: Job['schedules']): Job['schedules'] {
  return Object.fromEntries(
    Object.entries(given).map(([name, schedule]) => {
      const words = JSON.stringify(schedule)
      const known = schedules.get(words) ?? schedule
      schedules.set(words, known)
      return [name, known]
    }),
  )
}
