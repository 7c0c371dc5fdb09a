/**
 * The acceptance suites of the contracts, for vitest: an adapter that passes its suite keeps its promises.
 *
 * Example: `targetAcceptance('my target', async () => ({ target: createMine(), settle, cleanUp }))`.
 */
export { calendarAcceptance } from './ports/calendar.acceptance.ts'
export { metricSourceAcceptance } from './ports/metric-source.acceptance.ts'
export { notifierAcceptance } from './ports/notifier.acceptance.ts'
export { scalingActionAcceptance } from './ports/scaling-action.acceptance.ts'
export { sessionLogAcceptance } from './ports/session-log.acceptance.ts'
export { sessionRouterAcceptance } from './ports/session-router.acceptance.ts'
export { stateStoreAcceptance } from './ports/state-store.acceptance.ts'
export { targetAcceptance } from './ports/target.acceptance.ts'
