import { describe, expect, it } from 'vitest'
import { PluginError } from '../../../ports/plugin.ts'
import { translate } from './errors.ts'
import { loadSqlite } from './load.ts'

function sqliteError(errcode: number, message = 'as SQLite says it'): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode })
}

describe('what SQLite answers', () => {
  it.each([
    [11, 'misconfigured', 'PLM-402', 'corrupt'],
    [267, 'misconfigured', 'PLM-402', 'corrupt, in a virtual table'],
    [26, 'misconfigured', 'PLM-402', 'not a database'],
    [13, 'unavailable', 'PLM-403', 'full'],
    [4874, 'unavailable', 'PLM-403', 'shared memory that cannot grow'],
    [8, 'unavailable', 'PLM-404', 'read-only'],
    [14, 'unavailable', 'PLM-404', 'cannot be opened'],
    [5, 'unavailable', 'PLM-405', 'busy'],
    [517, 'unavailable', 'PLM-405', 'busy with a snapshot'],
    [10, 'unavailable', 'PLM-412', 'an input or output error'],
    [266, 'unavailable', 'PLM-412', 'an input error'],
  ])('as code %i becomes %s, %s: %s', (errcode, kind, code) => {
    const translated = translate(sqliteError(errcode), '/var/lib/state.db', 'commit to')
    expect(translated).toBeInstanceOf(PluginError)
    expect(translated).toMatchObject({ kind, message: expect.stringContaining(`${code} `) })
    expect(translated).toMatchObject({ message: expect.stringContaining('/var/lib/state.db') })
    expect(translated).toMatchObject({ message: expect.stringContaining('as SQLite says it') })
  })

  it('about a missing table is damage, about anything else of ours a defect that is not dressed up', () => {
    expect(translate(sqliteError(1, 'no such table: journal'), 'x', 'read')).toMatchObject({
      kind: 'misconfigured',
    })
    const defect = sqliteError(1, 'near "SELCT": syntax error')
    expect(translate(defect, 'x', 'read')).toBe(defect)
    const other = new TypeError('x is not a function')
    expect(translate(other, 'x', 'read')).toBe(other)
  })
})

describe('loading SQLite', () => {
  it('says which Node is needed when this one has none', () => {
    const { getBuiltinModule } = process
    process.getBuiltinModule = () => undefined
    try {
      expect(loadSqlite).toThrow(
        /^PLM-414 this Node \(v.*\) has no built-in SQLite.*use Node 22\.14 or newer$/,
      )
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  })

  it('keeps back the notice about SQLite and no other warning, and only while it loads', () => {
    const { emitWarning, getBuiltinModule } = process
    const shown: unknown[] = []
    const recording = (warning: unknown) => {
      shown.push(warning)
    }
    process.emitWarning = recording
    process.getBuiltinModule = (...args: [string]) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time')
      process.emitWarning('another one')
      return Reflect.apply(getBuiltinModule, process, args)
    }
    try {
      loadSqlite()
      expect(shown).toEqual(['another one'])
      expect(process.emitWarning).toBe(recording)
    } finally {
      process.emitWarning = emitWarning
      process.getBuiltinModule = getBuiltinModule
    }
  })
})
