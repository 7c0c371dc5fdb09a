import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noise } from './forecast.fixture.ts'
import { NormalEquations } from './normal-equations.ts'

describe('normal equations', () => {
  it('say half of the truth when as many imagined rows as real ones say 0', () => {
    const equations = new NormalEquations({ inputs: 1, kept: 1, imaginedRows: 3 })
    for (const input of [1, 2, 3]) equations.add(Float64Array.of(input), 0, 2 * input)
    equations.solve()
    expect(equations.coefficients[0]).toBeCloseTo(1, 6)
  })

  it('find the coefficients that made the outcomes', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        (a, b) => {
          const equations = new NormalEquations({ inputs: 2, kept: 0.999, imaginedRows: 0 })
          const chance = noise(1)
          for (let row = 0; row < 200; row += 1) {
            const inputs = Float64Array.of(chance.next().value - 0.5, chance.next().value - 0.5)
            equations.add(inputs, 0, a * (inputs[0] ?? 0) + b * (inputs[1] ?? 0))
            if (row % 10 === 9) equations.solve()
          }
          expect(equations.coefficients[0]).toBeCloseTo(a, 4)
          expect(equations.coefficients[1]).toBeCloseTo(b, 4)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('are turned by a spike far less than least squares would be', () => {
    const equations = new NormalEquations({ inputs: 1, kept: 1, imaginedRows: 0 })
    const chance = noise(3)
    for (let row = 0; row < 300; row += 1) {
      const spike = row === 150 ? 10_000 : 0
      equations.add(Float64Array.of(1), 0, 10 + chance.next().value + spike)
      equations.solve()
    }
    // Least squares says 10.5 + 10,000 / 300 = 43.8.
    expect(equations.coefficients[0]).toBeGreaterThan(10)
    expect(equations.coefficients[0]).toBeLessThan(12)
  })

  it('stay finite over inputs that are alike, always 0, or of very different size', () => {
    const equations = new NormalEquations({ inputs: 4, kept: 0.99, imaginedRows: 5 })
    const chance = noise(9)
    for (let row = 0; row < 5_000; row += 1) {
      const input = chance.next().value
      equations.add(Float64Array.of(input, input, 0, input * 1e9), 0, 3 * input)
      equations.solve()
    }
    expect([...equations.coefficients]).toSatisfy((all: number[]) => all.every(Number.isFinite))
    const [a = 0, b = 0, , c = 0] = equations.coefficients
    expect(a + b + c * 1e9).toBeCloseTo(3, 0)
  })

  it('let old rows fade', () => {
    const equations = new NormalEquations({ inputs: 1, kept: 0.5, imaginedRows: 0 })
    for (let row = 0; row < 50; row += 1) equations.add(Float64Array.of(1), 0, 1)
    for (let row = 0; row < 50; row += 1) equations.add(Float64Array.of(1), 0, 5)
    equations.solve()
    expect(equations.rows).toBeCloseTo(2, 9)
    expect(equations.coefficients[0]).toBeCloseTo(5, 3)
  })
})
