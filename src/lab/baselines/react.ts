/**
 * React: thresholds on the sessions of an instance. When all instances are above the upper threshold, there are more of them;
 * those without a session are ended at once. A front end that fills instances up to the threshold leaves all beyond
 * ceil(load / threshold) idle, so the count follows the load directly, up and down, with no memory.
 *
 * Source: T. C. Chieu, A. Mohindra, A. A. Karve, A. Segal, "Dynamic Scaling of Web Applications in a Virtualized Cloud Computing
 * Environment", ICEBE 2009. There one instance is added at a time, every minute; here as many as bring all under the
 * threshold, which is kinder to it when load jumps. The knob is capacity / threshold.
 *
 * Example: knob 1.25, 100 per instance: the threshold is 80; a load of 410 wants 6, a load of 390 wants 5.
 */
import { instancesFor } from '../service-model.ts'
import { type Baseline, HEADROOMS } from './baseline.ts'

export const react: Baseline = {
  name: 'react',
  title: 'React',
  source: 'Chieu et al., ICEBE 2009',
  knob: {
    name: 'headroom factor',
    usual: 1.2,
    grid: HEADROOMS,
  },
  outOfCompetition: false,
  create(knob, { perInstance }) {
    return {
      name: 'react',
      next: ({ load, ready, booting }) =>
        Number.isNaN(load) ? ready + booting : instancesFor(load * knob, perInstance),
    }
  },
}
