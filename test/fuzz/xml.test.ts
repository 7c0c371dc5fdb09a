import { describe, expect, it } from 'vitest'
import { rulesXml } from '../../src/importers/wasabi/xml.fixture.ts'
import { askImport, fuzzXml } from './xml.ts'

describe('random rules of the Application Block', () => {
  it('are refused with a place or imported to what loads, and the same twice (500 cases)', () => {
    const report = fuzzXml(500, 20_261_122)
    expect(report.failures.map(({ error, command }) => `${error}\nAgain: ${command}`)).toEqual([])
    // A fuzzer of which all is refused, or all accepted, looks at one half only.
    expect(report.accepted).toBeGreaterThan(100)
    expect(report.refused).toBeGreaterThan(100)
  }, 120_000)

  it('are the same from the same seed', () => {
    expect(fuzzXml(3, 42)).toEqual(fuzzXml(3, 42))
  })

  it('are told apart', () => {
    expect(askImport({ rules: { file: 'rules.xml', text: rulesXml() } })).toBe('accepted')
    expect(askImport({ rules: { file: 'rules.xml', text: '<rules>' } })).toBe('refused')
  })
})
