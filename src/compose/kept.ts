/**
 * Instances that outlive the daemon are written down beside its state: whoever goes on with the state goes on with them.
 *
 * Example: with the state in `.plimsoll/state.db` they are in `.plimsoll/state.db.instances/`.
 */

export function keptFolder(statePath: string): string {
  return `${statePath}.instances`
}
