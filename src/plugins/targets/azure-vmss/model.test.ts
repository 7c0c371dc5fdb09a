import { expect, it } from 'vitest'
import { modelOf } from './model.ts'

it.each<[string | undefined, number]>([
  [undefined, 600_000],
  ['PT10M', 600_000],
  ['PT1H30M', 5_400_000],
  ['PT90M', 5_400_000],
  ['pt45s', 45_000],
  ['PT', 600_000],
  ['soon', 600_000],
])('reads a grace period of %s as %i ms', (gracePeriod, graceMs) => {
  const automaticRepairsPolicy = { enabled: true, ...(gracePeriod === undefined ? {} : { gracePeriod }) }
  expect(modelOf({ location: 'westeurope', automaticRepairsPolicy }).repairs).toEqual({ graceMs })
})

it('has no repairs, no rebalancing and no zones where nothing is said of them', () => {
  const plain = modelOf({ location: 'westeurope' })
  expect(plain).toMatchObject({ mode: 'Uniform', repairs: null, rebalances: false, zones: [], capacity: 0 })
  expect(modelOf({ location: 'westeurope', automaticRepairsPolicy: { enabled: false } }).repairs).toBeNull()
})
