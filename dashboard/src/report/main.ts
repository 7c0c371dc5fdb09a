/**
 * The report's page. What one must see is in the document already; where the browser can unpack the courses, the still picture gives
 * way to one that answers.
 */
import './report.css'
import { decisionList } from './decision-list.ts'
import { linkPartings } from './partings.ts'
import { picture } from './picture.ts'
import { unpack } from './unpack.ts'
import { View } from './view.ts'

async function start(): Promise<void> {
  const live = document.getElementById('live')
  const decisions = document.getElementById('decisions')
  const block = document.getElementById('data')?.textContent ?? ''
  if (live === null || decisions === null || block === '') return
  const view = new View(await unpack(block))
  if (view.replay.length === 0) return
  // More lines at once could not be told apart; the others are a click away.
  view.replay.contenders.forEach(({ isShown }, index) => {
    if (!isShown) view.hidden.add(index)
  })
  document.documentElement.classList.add('live')
  live.append(...picture(view))
  decisions.append(decisionList(view))
  linkPartings(view)
}

start().catch((error: unknown) => {
  // The still picture stays.
  document.documentElement.classList.remove('live')
  console.error(error)
})
