/**
 * The parts of the page that need no script: heading, the few large numbers, notes, the table of scores, the newest decisions,
 * how it was replayed.
 *
 * Example: a row of scores whose best is the second column has `<td class="best">1.30<span class="unseen"> (best)</span></td>` there.
 */
import { formatDay, formatTime } from '../../pictures/zone-time.ts'
import type { CourseDecision } from '../course.ts'
import type { Parting } from '../parting.ts'
import { type Html, html } from './html-text.ts'
import { AFTER, BEFORE, countsOfParting, reasonText, spanOfParting, untoldText } from './parting-text.ts'
import type { Report, ScoreRow } from './report.ts'
import { bestColumns, scoreTexts } from './score-text.ts'

export function head({ title, subtitle }: Report): Html {
  return html`<header>
<p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="7.5"/><path d="M1 12h22"/></svg>Plimsoll</p>
<h1>${title}</h1>
<p class="subtitle">${subtitle}</p>
</header>`
}

/** The operator's own numbers, each beside those of the next two. */
export function headlines(report: Report): Html {
  const rows = report.table.filter(row => row.isHeadline === true)
  if (rows.length === 0) return html``
  return html`<dl class="headlines">${rows.map(row => headline(row, report))}</dl>`
}

function headline(row: ScoreRow, report: Report): Html {
  const [own = '-'] = scoreTexts(row)
  return html`<div class="card"><dt>${row.label}</dt><dd><b>${own}</b> <span class="unit">${row.unit}</span><span class="beside">${besides(row, report)}</span></dd></div>`
}

const MOST_BESIDE = 2

function besides(row: ScoreRow, { contenders }: Report): string {
  const texts = scoreTexts(row)
  return contenders
    .flatMap(({ name }, column) =>
      column === 0 || row.values[column] === null ? [] : [`${name} ${texts[column] ?? '-'}`],
    )
    .slice(0, MOST_BESIDE)
    .join(' · ')
}

export function notesSection({ notes }: Report): Html {
  if (notes.length === 0) return html``
  return html`<section class="notes" aria-label="What to know before believing it"><ul>${notes.map(note => html`<li>${note}</li>`)}</ul></section>`
}

/** Of two sets of rules. */
export function changesSection({ comparison }: Report): Html {
  if (comparison === undefined) return html``
  const { changes } = comparison
  const said =
    changes.length === 0
      ? html`<p class="muted">Nothing: both files mean the same.</p>`
      : html`<ul>${changes.map(({ text }) => html`<li>${text}</li>`)}</ul>`
  return html`<section class="card changed" aria-labelledby="changed-title">
<h2 id="changed-title">What the files say differently</h2>
${said}
</section>`
}

/** Likewise; with a script each is looked at by a click. */
export function partingsSection({ comparison, timeZone }: Report): Html {
  if (comparison === undefined || comparison.partings.listed.length === 0) return html``
  const { count, listed } = comparison.partings
  const untold = untoldText(count - listed.length)
  return html`<section class="card partings" aria-labelledby="partings-title">
<h2 id="partings-title">Where they part</h2>
<ol>${listed.map(parting => partingItem(parting, timeZone))}</ol>
${untold === '' ? html`` : html`<p class="muted">${untold}</p>`}
</section>`
}

function partingItem(parting: Parting, timeZone: string): Html {
  const { from, to, beforeSaid, afterSaid } = parting
  const why = (who: string, said: CourseDecision | null) =>
    html`<div><dt>${who}</dt><dd>${reasonText(said)}</dd></div>`
  return html`<li data-from="${from}" data-to="${to}"><h3>${spanOfParting(parting, timeZone)} <span class="muted">${countsOfParting(parting)}</span></h3>
<dl>${why(BEFORE, beforeSaid)}${why(AFTER, afterSaid)}</dl></li>`
}

export function scoresSection(report: Report): Html {
  const { contenders, table } = report
  const some = contenders.some(({ outOfCompetition }) => outOfCompetition === true)
  const columns = contenders.map(
    ({ name, outOfCompetition }, column) =>
      html`<th scope="col" class="${columnClass(column, outOfCompetition === true)}">${name}</th>`,
  )
  return html`<section class="card scores" aria-labelledby="scores-title">
<h2 id="scores-title">Scores</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="scores-title"><table>
<thead><tr><th scope="col">Score</th>${columns}</tr></thead>
${groupsOf(table).map(
  ({ group, rows }) =>
    html`<tbody>${group === '' ? [] : [html`<tr class="group"><th scope="rowgroup" colspan="${contenders.length + 1}">${group}</th></tr>`]}${rows.map(row => scoreRow(row, report))}</tbody>`,
)}
</table></div>
${contenders.length > 1 ? html`<p class="muted">Bold is the best of a row${some ? '; those in italics are out of competition: they know the future, or never react' : ''}.</p>` : html``}
</section>`
}

function columnClass(column: number, outOfCompetition: boolean): string {
  return column === 0 ? 'own' : outOfCompetition ? 'beyond' : ''
}

function groupsOf(table: readonly ScoreRow[]): readonly { group: string; rows: readonly ScoreRow[] }[] {
  const groups: { group: string; rows: ScoreRow[] }[] = []
  for (const row of table) {
    const group = row.group ?? ''
    const last = groups.at(-1)
    if (last?.group === group) last.rows.push(row)
    else groups.push({ group, rows: [row] })
  }
  return groups
}

function scoreRow(row: ScoreRow, { contenders }: Report): Html {
  const best = bestColumns(row, contenders)
  const cells = scoreTexts(row).map((said, column) => {
    const kind = columnClass(column, contenders[column]?.outOfCompetition === true)
    return best.includes(column)
      ? html`<td class="${kind} best">${said}<span class="unseen"> (best)</span></td>`
      : html`<td class="${kind}">${said}</td>`
  })
  return html`<tr><th scope="row" title="${row.means ?? ''}">${row.label} <span class="unit">${row.unit}</span></th>${cells}</tr>`
}

const MOST_STILL = 100

/** Without a script: the first of the operator's own. With one, a list of all takes its place. */
export function decisionsSection({ courses, timeZone }: Report): Html {
  const decisions = courses[0]?.decisions ?? []
  const shown = decisions.slice(0, MOST_STILL)
  const more = decisions.length - shown.length
  return html`<section class="card decisions" aria-labelledby="decisions-title">
<h2 id="decisions-title">Decisions</h2>
<div id="decisions"></div>
<table class="still"><thead><tr><th scope="col">When</th><th scope="col">Count</th><th scope="col">Why</th></tr></thead><tbody>
${shown.map(
  ({ at, from, to, because }) =>
    html`<tr><td>${formatDay(at, timeZone)} ${formatTime(at, timeZone)}</td><td>${from === to ? `stays ${to}` : `${from} → ${to}`}</td><td>${because}</td></tr>\n`,
)}</tbody></table>
${more > 0 ? html`<p class="still muted">${more} more are in the list that a script shows.</p>` : html``}
</section>`
}

export function factsSection({ facts, timeZone }: Report): Html {
  return html`<section class="card facts" aria-labelledby="facts-title">
<h2 id="facts-title">What was replayed</h2>
<dl>${facts.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}<div><dt>Times</dt><dd>${timeZone}</dd></div></dl>
</section>`
}
