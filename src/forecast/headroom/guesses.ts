/**
 * Guesses of the demand at the step in which an order made now serves for the first time: seven locations (the last value, a short
 * and a long average, a regression on these, on what the same time of yesterday did, and on the minute of the hour, two peaks that
 * sink, and the usual demand of the hour), each with five scales of how far off it may be. All in instances, so that nothing depends
 * on the metric's unit.
 *
 * Example: 41 instances' worth of demand, orders help four steps later. The average of the last minutes guesses 40.6 with a scale of
 * 3.8 (as counts scatter), the regression 42.1, since at this time yesterday it went up.
 */
import type { ClockOffset } from '../../model/time.ts'
import { DayPast } from './day-past.ts'
import { Regression } from './regression.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** In steps; 0 is the last value itself. */
const HALF_LIVES = [0, 4, 16]
const REGRESSION = HALF_LIVES.length
/** A peak has sunk halfway after so many leads. */
const PEAK_LEADS = [3, 20]
const PEAK = REGRESSION + 1
const HOUR = PEAK + PEAK_LEADS.length
const LOCATIONS = HOUR + 1
/** The mean of an hour goes back about so many days. */
const HOUR_DAYS = 7
const HOURS = 24
/** As counts scatter, as a share, as counts scattered lately, by the minute of the hour, and as it was just now. */
const SCALES = 5
export const GUESSES = LOCATIONS * SCALES
/** Averages, a constant, two changes of yesterday, the minute of the hour. */
const INPUTS = HALF_LIVES.length + 4
/** Below this many instances counts scatter no less. */
const LEAST = 0.05
const COUNTS = 0.6
const SHARE = 0.3
/** Halves after 8 and after 64 steps. */
const QUICK = 0.083
const SLOW = 0.0108
const CLIPPED_AT = 5
/** How far off it was just now is half as far after so many leads. */
const SWING_LEADS = 3

export interface Pace {
  readonly stepMs: number
  readonly leadSteps: number
  /** How much a step still counts after the next one. */
  readonly keep: number
  /** Of the clock that hours and days follow; `null`: those of UTC. */
  readonly offsetMs: ClockOffset | null
}

export class Guesses {
  readonly #leadSteps: number
  readonly #stepMs: number
  readonly #offsetMs: ClockOffset | null
  readonly #daySteps: number
  readonly #hourSteps: number
  readonly #past: DayPast
  readonly #levels = new Float64Array(HALF_LIVES.length)
  readonly #peaks = new Float64Array(PEAK_LEADS.length)
  readonly #peakKeep: Float64Array
  readonly #hourMean = new Float64Array(HOURS)
  readonly #hourCount = new Float64Array(HOURS)
  readonly #rates = Float64Array.from(HALF_LIVES, steps => (steps === 0 ? 1 : 1 - 0.5 ** (1 / steps)))
  readonly #regression: Regression
  /** Of the last steps, a ring: slot = step % (leadSteps + 1). */
  readonly #inputs: Float64Array
  readonly #locations: Float64Array
  readonly #scales: Float64Array
  /** Recent scatter by location, quick and slow, in roots of the location. */
  readonly #quickScatter = new Float64Array(LOCATIONS).fill(1)
  readonly #slowScatter = new Float64Array(LOCATIONS).fill(1)
  readonly #meanError = new Float64Array(LOCATIONS).fill(1)
  /** The largest error of the last leads, which sinks. */
  readonly #swing = new Float64Array(LOCATIONS)
  readonly #swingKeep: number
  #errors = 0
  /** By the minute of the hour. */
  readonly #clockError: Float64Array
  readonly #clockMean: Float64Array
  readonly #clockCount: Float64Array
  /** Steps since the beginning, or the last break: guesses older than that are not held against what came. */
  #unbroken = -1

  constructor({ stepMs, leadSteps, keep, offsetMs }: Pace) {
    this.#offsetMs = offsetMs
    this.#leadSteps = leadSteps
    this.#stepMs = stepMs
    this.#daySteps = Math.max(1, Math.round(DAY_MS / stepMs))
    this.#hourSteps = Math.max(1, Math.round(HOUR_MS / stepMs))
    this.#peakKeep = Float64Array.from(PEAK_LEADS, leads => 0.5 ** (1 / (leads * leadSteps)))
    this.#swingKeep = 0.5 ** (1 / (SWING_LEADS * leadSteps))
    // A day on which the clock is set back has an hour more.
    this.#past = new DayPast(this.#daySteps + this.#hourSteps + 64 + leadSteps)
    const prior = new Array<number>(INPUTS).fill(0)
    prior[0] = 0.5
    prior[1] = 0.5
    this.#regression = new Regression(prior, 0.1, keep)
    this.#inputs = new Float64Array((leadSteps + 1) * INPUTS)
    this.#locations = new Float64Array((leadSteps + 1) * LOCATIONS)
    this.#scales = new Float64Array((leadSteps + 1) * GUESSES)
    this.#clockError = new Float64Array(LOCATIONS * this.#hourSteps)
    this.#clockMean = new Float64Array(this.#hourSteps)
    this.#clockCount = new Float64Array(this.#hourSteps)
  }

  get step(): number {
    return this.#past.step
  }

  /** Demand of the newest step. */
  get demand(): number {
    return this.#past.newest
  }

  get daySteps(): number {
    return this.#daySteps
  }

  /** Steps that guesses can be asked of, the newest included. */
  get unbroken(): number {
    return this.#unbroken
  }

  learn(demand: number, atMs: number): void {
    if (this.step < 0) {
      this.#levels.fill(demand)
      this.#peaks.fill(demand)
    }
    this.#past.push(demand)
    this.#unbroken += 1
    const minute = Math.floor((atMs % HOUR_MS) / this.#stepMs) % this.#hourSteps
    if (this.#unbroken >= this.#leadSteps) this.#compare(demand, minute)
    this.#guess(demand, atMs, (minute + this.#leadSteps) % this.#hourSteps)
  }

  /** Nothing is known of so many steps: the time of day goes on, and what was guessed before is not held against what comes. */
  skip(steps: number): void {
    const held = this.demand
    for (let left = steps; left > 0; left -= 1) this.#past.push(held)
    this.#unbroken = -1
  }

  /** @param back how many steps ago it was made; at most as many as the lead */
  location(guess: number, back: number): number {
    return this.#locations[this.#slot(back) * LOCATIONS + Math.floor(guess / SCALES)] ?? 0
  }

  scale(guess: number, back: number): number {
    return this.#scales[this.#slot(back) * GUESSES + guess] ?? 0
  }

  #slot(back: number): number {
    return (this.step - back) % (this.#leadSteps + 1)
  }

  /** What came, against what was guessed a lead ago. */
  #compare(demand: number, minute: number): void {
    const slot = this.#slot(this.#leadSteps)
    this.#errors = this.#errors * 0.9999 + 1
    const count = (this.#clockCount[minute] ?? 0) * 0.99 + 1
    this.#clockCount[minute] = count
    for (let location = 0; location < LOCATIONS; location += 1) {
      const guessed = this.#locations[slot * LOCATIONS + location] ?? 0
      const error = Math.abs(demand - guessed)
      const scatter = error / Math.sqrt(Math.max(guessed, LEAST))
      move(this.#quickScatter, location, scatter, QUICK)
      move(this.#slowScatter, location, scatter, SLOW)
      move(this.#clockError, location * this.#hourSteps + minute, error, 1 / count)
      move(this.#meanError, location, error, 1 / (this.#errors + 30))
      this.#swing[location] = Math.max(error, (this.#swing[location] ?? 0) * this.#swingKeep)
    }
    const guessed = this.#locations[slot * LOCATIONS + REGRESSION] ?? 0
    const usual = Math.max(0.1, COUNTS * Math.sqrt(Math.max(guessed, LEAST)))
    const error = demand - this.#regression.predict(this.#inputs, slot * INPUTS)
    this.#regression.learn(this.#inputs, slot * INPUTS, clipped(error, usual), 1 / (usual * usual))
    move(this.#clockMean, minute, clipped(demand - guessed, usual), 1 / count)
  }

  #guess(demand: number, atMs: number, minute: number): void {
    const slot = this.#slot(0)
    for (let index = 0; index < HALF_LIVES.length; index += 1) {
      move(this.#levels, index, demand, this.#rates[index] ?? 0)
      this.#locations[slot * LOCATIONS + index] = this.#levels[index] ?? 0
    }
    this.#setInputs(slot * INPUTS, minute, atMs)
    const fitted = this.#regression.predict(this.#inputs, slot * INPUTS)
    this.#locations[slot * LOCATIONS + REGRESSION] = Math.max(0, fitted)
    for (let index = 0; index < PEAK_LEADS.length; index += 1) {
      const keep = this.#peakKeep[index] ?? 0
      const sunk = (this.#peaks[index] ?? 0) * keep + demand * (1 - keep)
      this.#peaks[index] = Math.max(demand, sunk)
      this.#locations[slot * LOCATIONS + PEAK + index] = this.#peaks[index] ?? 0
    }
    this.#locations[slot * LOCATIONS + HOUR] = this.#usualOfHour(demand, atMs)
    for (let location = 0; location < LOCATIONS; location += 1) this.#setScales(slot, location, minute)
  }

  /** Of the hour in which an order serves, of all days; at least what is now. */
  #usualOfHour(demand: number, atMs: number): number {
    const hour = this.#hourAt(atMs)
    const count = Math.min(HOUR_DAYS * this.#hourSteps, (this.#hourCount[hour] ?? 0) + 1)
    this.#hourCount[hour] = count
    move(this.#hourMean, hour, demand, 1 / count)
    const then = this.#hourAt(atMs + this.#leadSteps * this.#stepMs)
    return Math.max(demand, this.#hourMean[then] ?? 0)
  }

  /** As the clock shows it. */
  #hourAt(atMs: number): number {
    const hour = Math.floor((atMs + (this.#offsetMs?.(atMs) ?? 0)) / HOUR_MS) % HOURS
    return hour < 0 ? hour + HOURS : hour
  }

  /** Since the clock showed that time the day before: a day's, less what it was set forward by since. */
  #stepsSinceYesterday(atMs: number): number {
    if (this.#offsetMs === null) return this.#daySteps
    const setMs = this.#offsetMs(atMs) - this.#offsetMs(atMs - DAY_MS)
    return this.#daySteps - Math.round(setMs / this.#stepMs)
  }

  #setInputs(from: number, minute: number, atMs: number): void {
    const inputs = this.#inputs
    let at = from
    for (const level of this.#levels) inputs[at++] = level
    inputs[at++] = 1
    const thereMs = atMs + this.#leadSteps * this.#stepMs
    const then = this.step - this.#stepsSinceYesterday(atMs)
    const there = this.step + this.#leadSteps - this.#stepsSinceYesterday(thereMs)
    const isKnown = there >= 2
    const past = this.#past
    inputs[at++] = isKnown ? past.mean(there - 1, there + 2) - past.mean(then - 2, then + 3) : 0
    inputs[at++] = isKnown ? past.mean(there - 15, there + 16) - past.mean(then - 15, then + 16) : 0
    inputs[at] = this.#clockMean[minute] ?? 0
  }

  #setScales(slot: number, location: number, minute: number): void {
    const level = Math.max(this.#locations[slot * LOCATIONS + location] ?? 0, LEAST)
    const root = Math.sqrt(level)
    const first = slot * GUESSES + location * SCALES
    this.#scales[first] = COUNTS * root
    this.#scales[first + 1] = SHARE * level
    const scatter = (this.#quickScatter[location] ?? 0) + (this.#slowScatter[location] ?? 0)
    this.#scales[first + 2] = root * (0.3 + 0.4 * scatter)
    const mean = this.#meanError[location] ?? 0
    const isKnown = (this.#clockCount[minute] ?? 0) > 3
    const clock = isKnown ? (this.#clockError[location * this.#hourSteps + minute] ?? 0) : mean
    this.#scales[first + 3] = 0.5 * Math.max(0.5 * mean, 0.3 * root) + clock
    this.#scales[first + 4] = 0.3 * root + (this.#swing[location] ?? 0)
  }
}

/** The scale a guess begins with, before any error is known. */
export function firstScale(guess: number, level: number): number {
  const root = Math.sqrt(level)
  return [COUNTS * root, SHARE * level, 1.1 * root, 1.5, 1.3 * root][guess % SCALES] ?? root
}

function move(values: Float64Array, index: number, towards: number, share: number): void {
  const value = values[index] ?? 0
  values[index] = value + share * (towards - value)
}

function clipped(error: number, usual: number): number {
  return Math.max(-CLIPPED_AT * usual, Math.min(CLIPPED_AT * usual, error))
}
