/**
 * A process that replays configurations, one after the other, on the record it is given first.
 *
 * Example: a job with a fleet of three rules and 43,200 bins is answered about 0.1 s later with its scores.
 *
 * It ends with the process that began it, whatever becomes of that one: nobody is left to answer then.
 */
import type { CrewAnswer, CrewOrder, CrewResult } from '../../lab/tune/crew.ts'
import { type Job, type JobSetting, runJob } from '../../lab/tune/job.ts'
import type { Schedule } from '../../model/schedule.ts'
import { createCalendar } from '../../plugins/calendars/temporal.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'

const ports = { calendar: createCalendar(), createStore: createMemoryStore }
/** The calendar keeps what it worked out by the schedule's object, and each job brings a copy of its own. */
const schedules = new Map<string, Schedule>()
let setting: JobSetting | null = null

process.on('disconnect', () => process.exit())
process.on('message', async (order: CrewOrder) => {
  if ('setting' in order) setting = order.setting
  else process.send?.(await answer(order.job))
})

async function answer(job: Job): Promise<CrewAnswer> {
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const result = await replayed(job)
  const { user, system } = process.cpuUsage(cpu)
  return { ...result, busyMs: performance.now() - begun, cpuMs: (user + system) / 1_000 }
}

async function replayed(job: Job): Promise<CrewResult> {
  try {
    if (setting === null) throw new Error('a job came before the record')
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
