/**
 * A comparison as one HTML file that needs nothing else: no network, no script. With a replay the scores of the two courses stand in it
 * too.
 *
 * Example: `htmlComparison(comparison, { timeZone: 'UTC', replay: 'plimsoll compare --replay', replayed: null })`, opened from
 * `file://`; pointing at a coloured stretch of the picture says why.
 */
import { createHash } from 'node:crypto'
import { notesSection, scoresSection } from '../report/html-sections.ts'
import { type Html, html, raw } from '../report/html-text.ts'
import { svgReport } from '../report/picture.ts'
import type { Report } from '../report/report.ts'
import { STYLE } from '../report/script.generated.ts'
import { spanText } from '../span-text.ts'
import type { Comparison } from './comparison.ts'
import type { Disagreement } from './disagreements.ts'
import { svgComparison } from './picture.ts'
import { sideRows, timeRows } from './text.ts'
import { countsText, notesOf, stepText, subtitleOf, summaryOf, thenText, titleOf, whenText } from './words.ts'

export interface HtmlComparison {
  readonly timeZone: string
  readonly replay: string | null
  /** What would have become of it, where that was played. */
  readonly replayed: Report | null
}

const MOST_ROWS = 500

export function htmlComparison(comparison: Comparison, options: HtmlComparison): string {
  const { timeZone, replay, replayed } = options
  const notes = notesOf(comparison, replay, timeZone)
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'">
<title>${titleOf(comparison)} - Plimsoll</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="7.5"/><path d="M1 12h22"/></svg>Plimsoll</p>
<h1>${titleOf(comparison)}</h1>
<p class="subtitle">${subtitleOf(comparison, timeZone)}</p>
</header>
<section class="card" aria-label="In short"><ul>${summaryOf(comparison).map(said => html`<li>${said}</li>`)}</ul></section>
<section class="card picture" aria-labelledby="picture-title">
<h2 id="picture-title">What they had, and what Plimsoll recommended</h2>
<figure class="still">${inline(svgComparison(comparison, timeZone))}</figure>
</section>
<section class="notes" aria-label="What to know before believing it"><ul>${notes.map(note => html`<li>${note}</li>`)}</ul></section>
${sidesSection(comparison)}
${disagreementsSection(comparison, timeZone)}
${removalsSection(comparison, timeZone)}
${replayed === null ? html`` : replaySection(replayed)}
</main>
</body>
</html>
`
  return document.html
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Inside HTML a picture has no prolog. */
function inline(svg: string): Html {
  return raw(svg.replace(/^<\?xml[^>]*\?>\s*/, ''))
}

function sidesSection(comparison: Comparison): Html {
  return html`<section class="card scores" aria-labelledby="sides-title">
<h2 id="sides-title">In numbers</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="sides-title">
<table><thead><tr><th scope="col">Of the time compared</th><th scope="col">they</th><th scope="col" class="own">Plimsoll</th></tr></thead><tbody>
${sideRows(comparison).map(({ label, values: [theirs, ours], means }) => html`<tr><th scope="row" title="${means}">${label}</th><td>${theirs}</td><td class="own">${ours}</td></tr>\n`)}</tbody></table>
<table><thead><tr><th scope="col">Of the whole time</th><th scope="col">share</th><th scope="col">length</th></tr></thead><tbody>
${timeRows(comparison).map(([label, share, length]) => html`<tr><th scope="row">${label}</th><td>${share}</td><td>${length}</td></tr>\n`)}</tbody></table>
</div>
</section>`
}

function disagreementsSection({ disagreements }: Comparison, timeZone: string): Html {
  if (disagreements.length === 0) return html``
  const shown = disagreements.slice(-MOST_ROWS).reverse()
  return html`<section class="card decisions" aria-labelledby="apart-title">
<h2 id="apart-title">Where they differ</h2>
<table class="still"><thead><tr><th scope="col">When</th><th scope="col">Count</th><th scope="col">Why, and what followed</th></tr></thead><tbody>
${shown.map(
  one =>
    html`<tr><td>${whenText(one, timeZone)} (${spanText(one.to - one.from)})</td><td>${countsText(one)}</td><td>${one.because}<br>${stepOf(one)}<span class="muted">${thenText(one)}</span></td></tr>\n`,
)}</tbody></table>
${disagreements.length > shown.length ? html`<p class="muted">The newest ${shown.length} of ${disagreements.length}.</p>` : html``}
</section>`
}

function stepOf(one: Disagreement): Html {
  const step = stepText(one)
  return step === null ? html`` : html`<span class="muted">${step}</span><br>`
}

function removalsSection({ removals }: Comparison, timeZone: string): Html {
  const live = removals.filter(({ sessions }) => sessions === null || sessions > 0)
  if (live.length === 0) return html``
  return html`<section class="card decisions" aria-labelledby="removed-title">
<h2 id="removed-title">Taken away with sessions on them</h2>
<table class="still"><thead><tr><th scope="col">When</th><th scope="col">Instance</th><th scope="col">Sessions</th></tr></thead><tbody>
${live
  .slice(-MOST_ROWS)
  .map(
    ({ at, seenAt, instance, sessions }) =>
      html`<tr><td>${whenText({ from: seenAt, to: at }, timeZone)}</td><td>${instance}</td><td>${sessions === null ? 'not known' : sessions}</td></tr>\n`,
  )}</tbody></table>
</section>`
}

function replaySection(report: Report): Html {
  return html`<section class="card picture" aria-labelledby="replay-title">
<h2 id="replay-title">What would have become of it</h2>
<p class="muted">${report.subtitle}</p>
<figure class="still">${inline(svgReport(report))}</figure>
</section>
${notesSection(report)}
${scoresSection(report)}`
}
