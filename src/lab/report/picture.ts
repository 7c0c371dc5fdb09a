/**
 * A report's courses as the picture draws them. Which of many contenders are in it: the operator's own and the next ones that
 * compete, as many as can be told apart.
 *
 * Example: of `web`, nine baselines and the oracle the picture shows `web` and the first three baselines.
 */
import { type CoursePictureRequest, drawCourse, type PicturedCourse } from '../../pictures/course.ts'
import type { Course } from '../course.ts'
import type { Report } from './report.ts'

const MOST_LINES = 4

/** An SVG document. */
export function svgReport(report: Report): string {
  return drawCourse(pictureOf(report, shownCourses(report)))
}

/** The operator's own and those it is measured against: who competes, and where nobody does, who else there is. */
export function shownCourses({ courses, contenders }: Report): readonly Course[] {
  const beyond = new Set(
    contenders.flatMap(({ name, outOfCompetition }) => (outOfCompetition === true ? [name] : [])),
  )
  const [own, ...others] = courses
  if (own === undefined) return []
  const competing = others.filter(({ name }) => !beyond.has(name))
  return [own, ...(competing.length > 0 ? competing : others)].slice(0, MOST_LINES)
}

/** The picture of some of its courses, the first of them in front. */
export function pictureOf(report: Report, courses: readonly Course[]): CoursePictureRequest {
  const { title, subtitle, timeZone } = report
  const own = courses[0] ?? NOTHING
  return {
    title,
    subtitle,
    timeZone,
    startAt: own.startAt,
    stepMs: own.stepMs,
    length: own.length,
    load: own.load,
    needed: own.needed,
    lowest: own.lowest,
    highest: own.highest,
    courses: courses.map(picturedCourse),
    censored: own.censored,
    doubtful: own.doubtful,
  }
}

function picturedCourse({ name, ready, paid, lost, refused, backlog, decisions }: Course): PicturedCourse {
  return { name, ready, paid, lost, refused, backlog, marks: decisions }
}

const EMPTY = new Float64Array(0)
const NOTHING = {
  startAt: 0,
  stepMs: 1,
  length: 0,
  load: EMPTY,
  needed: EMPTY,
  lowest: EMPTY,
  highest: EMPTY,
  censored: [],
  doubtful: [],
} as const
