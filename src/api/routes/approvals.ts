/**
 * Decisions that wait for a person's word (mode `notify`): which there are, and the word. The next tick goes by it.
 *
 * Example: `POST /v1/approvals/web-42/approve` with `{ "who": "ada" }` answers
 * `{ "approval": { "id": "web-42", "state": "approved", "current": 5, "desired": 6, ... } }`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import { PluginError } from '../../ports/plugin.ts'
import { answeredAlready, notWaiting } from '../failure.ts'
import type { App } from '../route.ts'
import { COMMON_FAILURES, Failure, POST_FAILURES } from '../wire/failure.ts'
import { ByBody } from '../wire/operate.ts'
import { AskedApprovalWire } from '../wire/override.ts'

const tags = ['operating']

export function approvalRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/approvals',
    {
      schema: {
        summary: 'Decisions that wait for a word',
        description: 'Of every fleet in mode notify.',
        tags,
        response: { 200: z.object({ approvals: z.array(AskedApprovalWire).readonly() }), ...COMMON_FAILURES },
      },
    },
    async () => ({ approvals: await runtime.operator.approvals() }),
  )
  answerRoute('approve', 'approved', 'Let a decision be carried out')
  answerRoute('reject', 'rejected', 'Refuse a decision')

  function answerRoute(path: 'approve' | 'reject', verdict: 'approved' | 'rejected', summary: string): void {
    app.post(
      `/v1/approvals/:approval/${path}`,
      {
        schema: {
          summary,
          tags,
          params: z.object({ approval: z.string().min(1).max(250) }),
          body: ByBody,
          response: { 200: z.object({ approval: AskedApprovalWire }), ...POST_FAILURES, 409: Failure },
        },
      },
      async request => {
        const { approval: id } = request.params
        try {
          const answered = await runtime.operator.answer(id, verdict, request.body)
          if (answered.outcome === 'answered') return { approval: answered.approval }
        } catch (error) {
          if (error instanceof PluginError && error.kind === 'conflict') throw answeredAlready(id, error)
          throw error
        }
        const waiting = await runtime.operator.approvals()
        throw notWaiting(
          id,
          waiting.map(approval => approval.id),
        )
      },
    )
  }
}
