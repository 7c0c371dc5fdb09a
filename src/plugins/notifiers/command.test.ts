import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { notifierAcceptance, sampleNotice } from '../../ports/notifier.acceptance.ts'
import { commandNotifierOptions, createCommandNotifier } from './command.ts'

/** Notes its input and its environment in `taken`; what `mood` says it is in the mood for, once. */
const SCRIPT = `
mood=$(cat mood 2>/dev/null); rm -f mood
case "$mood" in
  busy) echo "line is busy" >&2; exit 75;;
  wrong) echo "no such pager" >&2; exit 78;;
  silent) exec sleep 600;;
esac
cat >> taken
echo "$PLIMSOLL_FLEET $PLIMSOLL_EVENT $PLIMSOLL_ID $REGION" >> environment
`

let folder: string

function pager(command: readonly string[] = ['sh', 'pager.sh']) {
  return createCommandNotifier(
    commandNotifierOptions.parse({ command, cwd: folder, env: { REGION: 'eu' }, timeout: '20s' }),
  )
}

function arrange(): void {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-notifier-'))
  writeFileSync(path.join(folder, 'pager.sh'), SCRIPT)
}

function linesOf(file: string): string[] {
  const full = path.join(folder, file)
  return existsSync(full) ? readFileSync(full, 'utf8').trim().split('\n') : []
}

notifierAcceptance('the command notifier', async () => {
  arrange()
  return {
    notifier: pager(),
    taken: async () => linesOf('taken'),
    next: mood => writeFileSync(path.join(folder, 'mood'), mood),
    unreachable: () => null,
    secrets: [],
    cleanUp: async () => rmSync(folder, { recursive: true, force: true }),
  }
})

describe('a command that is told', () => {
  const signal = AbortSignal.timeout(60_000)
  beforeEach(arrange)
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('has the notice on its input and what matters most in its environment', async () => {
    await pager().send(sampleNotice(), signal)
    expect(JSON.parse(linesOf('taken')[0] ?? '')).toMatchObject({
      id: 'web/42/scaled',
      at: '2026-11-21T12:00:00.000Z',
      change: { from: 5, to: 6, rule: 'Scale up' },
    })
    expect(linesOf('environment')).toEqual(['web scaled web/42/scaled eu'])
  })

  it('may print as much as it likes', async () => {
    const loud = pager(['sh', '-c', 'cat > taken; head -c 3000000 /dev/zero'])
    await loud.send(sampleNotice(), signal)
    expect(linesOf('taken')).toHaveLength(1)
  })

  it('is missed by the check when its program is not there', async () => {
    expect(await pager(['./no-such-pager']).check(signal)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('PLM-350'),
    })
    await expect(pager(['./no-such-pager']).send(sampleNotice(), signal)).rejects.toMatchObject({
      kind: 'misconfigured',
    })
  })
})
