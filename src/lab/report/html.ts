/**
 * The report as one HTML file that needs nothing else: no network, no other file, and a browser that runs no scripts shows the
 * still picture, the scores and the notes all the same.
 *
 * Example: `htmlReport(report)` of 30 days by the minute is some 700 kB; opened from `file://` its picture can be zoomed down to
 * one minute, and each decision clicked to read why.
 */
import { createHash } from 'node:crypto'
import {
  changesSection,
  decisionsSection,
  factsSection,
  head,
  headlines,
  notesSection,
  partingsSection,
  scoresSection,
} from './html-sections.ts'
import { type Html, html, raw } from './html-text.ts'
import { packReport } from './pack.ts'
import { svgReport } from './picture.ts'
import type { Report } from './report.ts'
import { SCRIPT, STYLE } from './script.generated.ts'

/** A whole document. */
export function htmlReport(report: Report): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${allowed()}">
<title>${report.title} - Plimsoll</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
${head(report)}
${headlines(report)}
<section class="card picture" aria-labelledby="picture-title">
<h2 id="picture-title">What was needed, and what was there</h2>
<div id="live"></div>
<figure class="still">${stillPicture(report)}</figure>
</section>
${notesSection(report)}
${changesSection(report)}
${scoresSection(report)}
${partingsSection(report)}
${decisionsSection(report)}
${factsSection(report)}
</main>
<script type="application/octet-stream" id="data">${packReport(report)}</script>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`
  return document.html
}

/** The page's own script and style, known by what they are; nothing else is loaded or run, whatever the names in it. */
function allowed(): string {
  return `default-src 'none'; script-src '${hashOf(SCRIPT)}'; style-src '${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Inside HTML a picture has no prolog. */
function stillPicture(report: Report): Html {
  return raw(svgReport(report).replace(/^<\?xml[^>]*\?>\s*/, ''))
}
