import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ARBITRARY_CONTEXT } from '../../../test/arbitraries/expression.ts'
import { parseCondition, parseExpression } from './parse.ts'
import { CODE, type ExpressionProblem, formatProblem, problemAt } from './problem.ts'

function problems(text: string): readonly ExpressionProblem[] {
  const parsed = parseCondition(text, ARBITRARY_CONTEXT)
  return parsed.ok ? [] : parsed.problems
}

/** For each problem: the code, the caret line under the text, and a part of the message with its hint. */
const CASES: readonly (readonly [string, ...(readonly [string, string, string])[]])[] = [
  ['', [CODE.empty, '^', 'There is no expression']],
  [' \n ', [CODE.empty, '^', 'There is no expression']],
  ['#instances > 1', [CODE.strayCharacter, '^', 'The character "#"']],
  ['instances % 2', [CODE.strayCharacter, '          ^', 'no remainder operator']],
  [
    'last("orders") > 1',
    [CODE.strayCharacter, '     ^', 'without quotes'],
    [CODE.strayCharacter, '            ^', ''],
  ],
  ['at_max\u0007', [CODE.strayCharacter, '      ^', 'The character "U+0007"']],
  ['instances = 1', [CODE.foreignOperator, '          ^', 'Write ==.']],
  ['at_max && at_min', [CODE.foreignOperator, '       ^^', 'Write and.']],
  ['at_max || at_min', [CODE.foreignOperator, '       ^^', 'Write or.']],
  ['!at_max', [CODE.foreignOperator, '^', 'Write not.']],
  ['instances => 1', [CODE.foreignOperator, '          ^^', 'Write >=.']],
  ['instances <> 1', [CODE.foreignOperator, '          ^^', 'Write !=.']],
  ['instances ≥ 1', [CODE.foreignOperator, '          ^', 'Write >=.']],
  ['instances > 1.', [CODE.badNumber, '            ^^', '"1." is not a number']],
  ['instances > 1.2.3', [CODE.badNumber, '            ^^^^^', 'one point']],
  ['instances > 1e999', [CODE.badNumber, '            ^^^^^', 'too large']],
  ['last(wait) > 5min', [CODE.unknownUnit, '              ^^^', 'Write 5m.']],
  ['last(disk) > 5gb', [CODE.unknownUnit, '              ^^', 'Write 5GB.']],
  ['last(wait) > 1h30m', [CODE.unknownUnit, '              ^^^^', 'Write 90m.']],
  ['last(wait) > 5q', [CODE.unknownUnit, '              ^', 'Units are %']],
  ['instances >', [CODE.missingOperand, '           ^', 'found the end of the text']],
  ['and at_max', [CODE.missingOperand, '^^^', 'found "and"']],
  ['instances > * 2', [CODE.missingOperand, '            ^', 'found "*"']],
  ['+instances > 2', [CODE.missingOperand, '^', 'found "+"']],
  ['is red', [CODE.missingOperand, '^^', 'found "is"']],
  ['(instances > 1', [CODE.parenthesis, '^', 'not closed']],
  ['instances > 1)', [CODE.parenthesis, '             ^', 'closes nothing']],
  ['avg(cpu', [CODE.parenthesis, '   ^', 'put the whole expression in quotes']],
  ['medium(cpu, 5m > 3', [CODE.unknownAggregate, '^^^^^^', ''], [CODE.parenthesis, '      ^', 'not closed']],
  ['instances > 1 2', [CODE.missingOperator, '              ^', 'before "2"']],
  ['instances > 1, 2', [CODE.missingOperator, '             ^', 'only inside an aggregate']],
  ['(instances, 2) > 1', [CODE.missingOperator, '          ^', 'only inside an aggregate']],
  [
    '1 < instances < 5',
    [CODE.chainedComparison, '              ^', 'Write 1 < instances and instances < 5.'],
  ],
  ['fleet(dbb).ready > 1', [CODE.unknownFleet, '      ^^^', 'Did you mean "db"?']],
  ['fleet(web-2).ready > 1', [CODE.unknownFleet, '      ^^^^^', 'Did you mean "web 2"?']],
  ['fleet(db).redy > 1', [CODE.badFleetQuantity, '          ^^^^', 'Did you mean "ready"?']],
  ['fleet(db).cpu > 1', [CODE.badFleetQuantity, '          ^^^', 'Defined quantities: instances, ready,']],
  ['fleet(db) > 1', [CODE.badFleetQuantity, '          ^', 'a point and a quantity']],
  ['fleet(db). > 1', [CODE.badFleetQuantity, '           ^', 'Expected a quantity']],
  ['fleet() > 1', [CODE.badFleetQuantity, '      ^', 'the name of a fleet']],
  ['fleet(db', [CODE.parenthesis, '     ^', 'not closed']],
  ['fleet.ready > 1', [CODE.unknownWord, '^^^^^^^^^^^', '']],
  ['busy is Red', [CODE.badKpiTest, '        ^^^', 'Did you mean "red"?']],
  ['busy is not 5', [CODE.badKpiTest, '            ^', 'not "5"']],
  ['busy is', [CODE.badKpiTest, '     ^^', 'not the end of the text']],
  ['avg > 5', [CODE.badAggregate, '^^^', 'Write avg(metric, window).']],
  ['avg() > 5', [CODE.badAggregate, '    ^', 'Expected the name of a metric']],
  ['avg(max(cpu, 5m), 5m) > 5', [CODE.badAggregate, '    ^^^', 'no computed values']],
  ['avg(cpu, 5m, 3) > 5', [CODE.badAggregate, '           ^', 'Expected ")"']],
  ['last(cpu 5m) > 5', [CODE.badAggregate, '         ^^', 'Write last(metric).']],
  ['avg(cpu) > 5', [CODE.missingWindow, '^^^^^^^^', 'Write avg(cpu, 5m).']],
  ['avg(cpu, 5) > 5', [CODE.badWindow, '         ^', 'Write 5m for minutes or 5s']],
  ['avg(cpu, 5%) > 5', [CODE.badWindow, '         ^^', 'not a length of time']],
  ['avg(cpu, 0s) > 5', [CODE.badWindow, '         ^^', 'not a length of time']],
  ['avg(cpu, 0) > 5', [CODE.badWindow, '         ^', 'not a length of time']],
  ['avg(cpu, -5m) > 5', [CODE.badWindow, '         ^^^', 'not a length of time']],
  ['avg(cpu, 0.1ms) > 5', [CODE.badWindow, '         ^^^^^', 'not a length of time']],
  ['avg(cpu, orders) > 5', [CODE.badWindow, '         ^^^^^^', 'length of the window']],
  ['avg(cup, 5m) > 5', [CODE.unknownMetric, '    ^^^', 'Did you mean "cpu"?']],
  ['avg(zzzzzz, 5m) > 5', [CODE.unknownMetric, '    ^^^^^^', 'Defined metrics: cpu, load']],
  ['bussy is red', [CODE.unknownKpi, '^^^^^', 'Did you mean "busy"?']],
  ['cpu is red', [CODE.unknownKpi, '^^^', '"cpu" is a metric']],
  ['Avg(cpu, 5m) > 5', [CODE.unknownAggregate, '^^^', 'Did you mean "avg"? Available: avg, min, max, sum,']],
  ['at_maxx', [CODE.unknownWord, '^^^^^^^', 'Did you mean "at_max"?']],
  ['at_max AND at_min', [CODE.unknownWord, '       ^^^', 'Did you mean "and"?']],
  ['sessions-1 > 3', [CODE.unknownWord, '^^^^^^^^^^', 'spaces around the minus']],
  ['last(wait) > 5 minutes', [CODE.unknownWord, '               ^^^^^^^', 'right after its number: 5m.']],
  ['red', [CODE.unknownWord, '^^^', 'Write which KPI']],
  ['cpu > 80%', [CODE.metricWithoutAggregate, '^^^', 'Write avg(cpu, 5m) or last(cpu).']],
  ['busy and at_max', [CODE.kpiWithoutTest, '^^^^', 'Write busy is red.']],
  ['at_max > 3', [CODE.needsNumber, '^^^^^^', '">" takes numbers']],
  ['3 + (1 < 2) > 3', [CODE.needsNumber, '    ^^^^^^^', '"+" takes numbers']],
  ['-at_max > 3', [CODE.needsNumber, ' ^^^^^^', '"-" takes numbers']],
  ['1 < not at_max', [CODE.needsNumber, '    ^^^^^^^^^^', '"<" takes numbers']],
  ['not avg(cpu,5m)', [CODE.needsTruth, '    ^^^^^^^^^^^', 'avg(cpu,5m) is a number']],
  ['at_max and 5', [CODE.needsTruth, '           ^', '"and" joins']],
  ['instances or at_max', [CODE.needsTruth, '^^^^^^^^^', '"or" joins']],
  ['avg(cpu, 5m)', [CODE.notACondition, '^^^^^^^^^^^^', 'Compare it']],
  ['avg(cpu, 5m) > 300ms', [CODE.differentUnits, '^^^^^^^^^^^^^^^^^^^^', 'percent and 300ms (a time)']],
  ['instances > 300ms', [CODE.undecidedUnit, '            ^^^^^', 'Nothing says in which unit']],
  [
    'last(load) / instances > 80%',
    [CODE.doubtfulPercent, '                         ^^^', 'declares no unit'],
  ],
]

describe('a text that is wrong', () => {
  it.each(CASES.map(([text, ...expected]) => ({ text, expected })))(
    '$text has its problems located and explained',
    ({ text, expected }) => {
      const found = problems(text)
      expect(found.map(problem => problem.code)).toEqual(expected.map(([code]) => code))
      for (const [index, [, caret, part]] of expected.entries()) {
        const problem = found[index]
        if (problem === undefined) throw new Error('unreachable: the codes agree')
        expect(formatProblem(text, problem).split('\n')[1]).toBe(caret)
        expect(`${problem.message} ${problem.hint}`).toContain(part)
      }
    },
  )

  it('has a run of one meaningless character reported once, and at most 20 problems in all', () => {
    expect(problems('instances > 1 $$$$')).toMatchObject([{ code: CODE.strayCharacter, at: 14, length: 4 }])
    expect(problems('$#'.repeat(1000))).toHaveLength(20)
  })

  it('is refused past 2000 characters', () => {
    const text = `instances > ${' '.repeat(1990)}1`
    expect(problems(text)).toMatchObject([{ code: CODE.tooLong, at: 2000, length: text.length - 2000 }])
  })

  it('is refused past a nesting of 64, at the parenthesis that is one too many', () => {
    const text = `${'('.repeat(65)}instances${')'.repeat(65)} > 1`
    expect(problems(text)).toMatchObject([{ code: CODE.tooDeep, at: 64, length: 1 }])
    expect(problems(`${'not '.repeat(65)}at_max`)).toMatchObject([{ code: CODE.tooDeep, at: 256, length: 3 }])
    expect(problems(`${'-'.repeat(65)}instances > 1`)).toMatchObject([
      { code: CODE.tooDeep, at: 64, length: 1 },
    ])
  })

  it('is refused past 100 operands, at the one that is too many', () => {
    const text = `1 > ${'1 + '.repeat(99)}instances`
    expect(problems(text)).toMatchObject([{ code: CODE.tooManyOperands, at: 400, length: 9 }])
  })

  it('is refused where a number is needed and it is a condition', () => {
    const parsed = parseExpression('instances > 3', ARBITRARY_CONTEXT)
    expect(parsed).toMatchObject({ ok: false, problems: [{ code: CODE.notANumber, at: 0, length: 13 }] })
  })

  it('has every wrong name reported even where its grammar is broken', () => {
    const found = problems('avg(cpuu, 5m) > 80% and and bussy is red or p95x(laten, 5m) > 3')
    expect(found.map(problem => [problem.code, problem.at])).toEqual([
      [CODE.unknownMetric, 4],
      [CODE.missingOperand, 24],
      [CODE.unknownKpi, 28],
      [CODE.unknownAggregate, 44],
      [CODE.unknownMetric, 49],
    ])
  })

  it.each(['mean', 'p0', 'p100', 'p99.999', 'P95', 'derivative', 'variance'])(
    'names what is available instead of %s',
    aggregate => {
      const [problem] = problems(`${aggregate}(cpu, 5m) > 1`)
      expect(problem?.message).toBe(`The aggregate "${aggregate}" is not known.`)
      expect(problem?.hint).toContain('Available: avg, min, max, sum, count, last, median, p50,')
      expect(problem?.hint).toContain('any percentile from p0.01 to p99.99.')
    },
  )

  it('says what can be named where nothing is defined', () => {
    const parsed = parseCondition('avg(cpu, 5m) > 1 and busy is red', { metrics: new Map(), kpis: new Set() })
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ hint: 'No metrics are defined here.' }, { hint: 'No KPIs are defined here.' }],
    })
  })
})

describe('a problem shown', () => {
  it('has the line, a caret under the place, the code with the message, and the hint', () => {
    const text = 'avg(cpu, 45m) > 80% and bussy is red'
    const [problem] = problems(text)
    if (problem === undefined) throw new Error('expected a problem')
    expect(formatProblem(text, problem)).toBe(
      [
        'avg(cpu, 45m) > 80% and bussy is red',
        '                        ^^^^^',
        'PLM-221 There is no KPI "bussy".',
        'Did you mean "busy"?',
      ].join('\n'),
    )
  })

  it.each<[string, string, number, number, string]>([
    ['the line it stands on', 'at_max\nand bussy is red\nor at_min', 11, 5, 'and bussy is red\n    ^^^^^'],
    ['a line that ends like in Windows', 'at_max\r\nor x\r\nor y', 11, 1, 'or x\n   ^'],
    ['a line that ends like on an old Macintosh', 'at_max\ror x\ror y', 10, 1, 'or x\n   ^'],
    ['nothing beyond its line', 'a +\nb', 0, 5, 'a +\n^^^'],
    ['a tab as one space', 'a\t+ b', 2, 1, 'a + b\n  ^'],
    ['an escape sequence as nothing that a terminal obeys', '\u001b[31mx', 5, 1, ' [31mx\n     ^'],
    ['characters of two units as one column', '😀 x', 3, 1, '😀 x\n  ^'],
    ['the end of the text', 'a >', 3, 0, 'a >\n   ^'],
  ])('shows %s', (_, text, at, length, expected) => {
    const shown = formatProblem(text, problemAt({ at, end: at + length }, CODE.unknownWord, 'message'))
    expect(shown).toBe(`${expected}\nPLM-223 message`)
  })

  it('cuts a long line around the caret', () => {
    const text = `${'1 + '.repeat(100)}x${' + 1'.repeat(100)}`
    const [line = '', caret = ''] = formatProblem(
      text,
      problemAt({ at: 400, end: 401 }, CODE.unknownWord, ''),
    ).split('\n')
    expect(line).toMatch(/^\.\.\.[1+ x]{100}\.\.\.$/)
    expect(line.slice(caret.indexOf('^'), caret.indexOf('^') + 3)).toBe('x +')
  })
})

describe('the codes', () => {
  const codes: readonly string[] = Object.values(CODE)

  it('are each listed for operators, and no others', () => {
    const page = readFileSync(new URL('../../../docs/errors/expression.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| (PLM-\d+) \|/gm)].map(match => match[1])
    expect(listed).toEqual(codes)
  })

  it('stay within 200 to 249', () => {
    for (const code of codes) expect(code).toMatch(/^PLM-2[0-4]\d$/)
  })

  it('each have a case here', () => {
    const covered = new Set(CASES.flatMap(([, ...expected]) => expected.map(([code]) => code)))
    const elsewhere: string[] = [CODE.tooLong, CODE.tooDeep, CODE.tooManyOperands, CODE.notANumber]
    expect(codes.filter(code => !covered.has(code) && !elsewhere.includes(code))).toEqual([])
  })
})
