/** What is read from HAProxy's answers, also from those that are none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readProcesses } from './old-processes.ts'
import { readRows } from './rows.ts'
import { readServers } from './servers.ts'
import { readServing } from './serving.ts'
import { ownKeys, readTable, tableType, whyDoubtful } from './stick-table.ts'

const KEYS = { probe: 'plimsoll-probe', mark: 'plimsoll-mark' }

describe('rows', () => {
  it('are read by the names of their columns, wherever those stand', () => {
    const either = ['# pxname,svname,scur,', '# scur,new,svname,'].map(header =>
      readRows(`${header}\n${header.includes('new') ? '3,x,i1,' : 'web,i1,3,'}\n\n`, ','),
    )
    expect(either.map(rows => rows?.map(({ svname, scur }) => [svname, scur]))).toEqual([
      [['i1', '3']],
      [['i1', '3']],
    ])
  })

  it('may have commas and quotes in a cell', () => {
    expect(readRows('# a,b,c\n1,"L4,""no""",3\n', ',')).toEqual([{ a: '1', b: 'L4,"no"', c: '3' }])
  })
})

describe('what servers serve', () => {
  it('is what is in flight and what waits for them', () => {
    const text = '# pxname,svname,qcur,scur,mode\nrooms,i1,1,3,tcp\nrooms,i2,0,0,tcp\n'
    expect([...(readServing(text) ?? [])]).toEqual([
      ['i1', { serving: 4, mode: 'tcp' }],
      ['i2', { serving: 0, mode: 'tcp' }],
    ])
  })

  it('is not known from an empty or missing number', () => {
    expect(readServing('# svname,qcur,scur\ni1,,3\n')).toBeNull()
    expect(readServing('# svname,scur\ni1,3\n')).toBeNull()
  })
})

describe('the state of a server', () => {
  const line = (admin: number, check: number): string =>
    `1\n# srv_id srv_name srv_addr srv_admin_state srv_check_state srv_port\n7 i1 127.0.0.1 ${admin} ${check} 80\n`

  it.each([
    [0, 'ready'],
    [1, 'maint'],
    [2, 'maint'],
    [8, 'drain'],
    [16, 'drain'],
    [9, 'maint'],
    [32, 'maint'],
  ])('%d is %s', (admin, state) => {
    expect(readServers(line(admin, 0))).toMatchObject([{ name: 'i1', number: 7, state }])
  })

  it('tells a check that nobody switched on', () => {
    expect([0, 2, 6].map(check => readServers(line(0, check))?.[0]?.checkIsOff)).toEqual([false, true, false])
  })
})

describe('a stick table', () => {
  const HEADER = '# table: rooms, type: string, size:102400, used:4\n'
  const MARKS =
    '0x1: key=plimsoll-probe use=0 exp=59999 server_id=0 server_key=-\n0x2: key=plimsoll-mark use=0 exp=5 server_id=0 server_key=-\n'

  it('is counted by server, without our own entries', () => {
    const users = [1, 2, 3].map(
      n => `0x3: key=u${n} use=0 exp=9 shard=0 server_id=${n === 3 ? 8 : 7} server_key=x\n`,
    )
    expect(readTable(HEADER + MARKS + users.join(''), KEYS)).toEqual({
      type: 'string',
      size: 102_400,
      used: 4,
      byServer: new Map([
        [7, 2],
        [8, 1],
      ]),
      expireMs: 59_999,
      isMarked: true,
    })
  })

  it('is not misled by a key that a user made up', () => {
    const escaped = String.raw`0x3: key=a\ server_id\=9\ exp\=1 use=0 exp=9 server_id=7 server_key=x`
    expect(readTable(`${HEADER}${escaped}\n`, KEYS)?.byServer).toEqual(new Map([[7, 1]]))
  })

  it('is not read from an answer that breaks off or is something else', () => {
    for (const text of ['', 'No such table\n', `${HEADER}0x3: key=u1 use=0 ex`, `${HEADER}hello\n`]) {
      expect(readTable(text, KEYS)).toBeNull()
    }
  })

  it('has a type, by which our own keys are chosen', () => {
    const tables = '# table: other, type: ip, size:1, used:0\n# table: rooms, type: integer, size:1, used:0\n'
    expect(tableType(tables, 'rooms')).toBe('integer')
    expect(tableType(tables, 'room')).toBeNull()
    expect(ownKeys('integer')).not.toBeNull()
    expect(ownKeys('binary')).toBeNull()
    expect(ownKeys('toString')).toBeNull()
  })

  const table = { type: 'string', size: 100, used: 2, byServer: new Map(), expireMs: 60_000 }
  it.each([
    ['old enough', { isMarked: false }, 60_001, null],
    ['new and empty', { isMarked: false }, 59_000, /users of before may have none/],
    ['taught by the process before', { isMarked: true }, 12_000, null],
    ['being taught', { isMarked: true }, 3_000, /not have been taught/],
    ['full', { isMarked: true, used: 100 }, 99_000, /full/],
    ['without our probe', { isMarked: true, expireMs: null }, 99_000, /not there/],
  ])('that is %s is believed or doubted', (_, facts, uptimeMs, doubt) => {
    const because = whyDoubtful({ ...table, ...facts }, uptimeMs, 10_000)
    if (doubt === null) expect(because).toBeNull()
    else expect(because).toMatch(doubt)
  })
})

describe('the processes of a master', () => {
  it('are workers and old workers', () => {
    const text = [
      '#<PID>          <type>          <reloads>       <uptime>        <version>      ',
      '100             master          2 [failed: 0]   0d00h01m29s     2.6.12',
      '# workers',
      '300             worker          0               0d00h00m02s     2.6.12',
      '# old workers',
      '200             worker          1               0d00h01m02s     2.6.12',
      '201             worker          2               0d00h02m02s     2.6.12',
      '# programs',
      '',
    ].join('\n')
    expect(readProcesses(text)).toEqual({ workers: [300], old: [200, 201] })
  })
})

describe('rubbish', () => {
  it('is never an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        fc.pre(!/^# |^#<PID>|key=/m.test(text))
        expect([readServers(text), readServing(text), readTable(text, KEYS), readProcesses(text)]).toEqual([
          null,
          null,
          null,
          null,
        ])
      }),
    )
  })
})
