/**
 * Stands for a provider with a command line of its own: a file of instances. Plimsoll calls it with one word, gives it JSON on
 * its input and takes JSON from its output.
 *
 * Example: `echo '{"orders":[{"token":"a","zone":null}]}' | node provider.mjs launch` prints
 * `[{"token":"a","instance":"vm-1"}]`, and so it does when it is asked again: a token launches once.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

const FILE = 'instances.json'

const [verb] = process.argv.slice(2)
const state = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { launched: 0, instances: [] }
const verbs = { list, launch, terminate }
if (verb in verbs) console.log(JSON.stringify(verbs[verb]()))
else throw new Error(`the words are ${Object.keys(verbs).join(', ')}`)

function list() {
  return state.instances
}

function launch() {
  const { orders } = given()
  const launched = orders.map(({ token }) => ({ token, instance: withToken(token).id }))
  save()
  return launched
}

function withToken(token) {
  const known = state.instances.find(instance => instance.token === token)
  if (known) return known
  state.launched += 1
  // A number is never used twice, so that an old instance is never taken for a new one.
  const instance = { id: `vm-${state.launched}`, lifecycle: 'ready', token }
  state.instances.push(instance)
  return instance
}

function terminate() {
  const { instances } = given()
  state.instances = state.instances.filter(({ id }) => !instances.includes(id))
  save()
  return instances.map(instance => ({ instance, state: 'gone' }))
}

function given() {
  return JSON.parse(readFileSync(0, 'utf8'))
}

/** Whole or not at all: somebody may be reading. */
function save() {
  writeFileSync(`${FILE}.new`, JSON.stringify(state, null, 2))
  renameSync(`${FILE}.new`, FILE)
}
