/**
 * Conditions in the words of the table service, so that nothing of a configuration can end a text and go on as a condition.
 *
 * Example: `both(is('Role', "O'Hara"), atLeast('PartitionKey', '0639'))` is `(Role eq 'O''Hara') and (PartitionKey ge '0639')`.
 */
import type { EpochMs } from '../../../model/time.ts'

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function instant(at: EpochMs): string {
  return `datetime'${new Date(at).toISOString()}'`
}

export function is(column: string, text: string): string {
  return `${column} eq ${literal(text)}`
}

/** `from <= column <= to`, as texts sort. */
export function within(column: string, from: string, to: string): string {
  return `${column} ge ${literal(from)} and ${column} le ${literal(to)}`
}

export function both(...conditions: readonly (string | null)[]): string {
  const wanted = conditions.filter(condition => condition !== null)
  return wanted.map(condition => `(${condition})`).join(' and ')
}
