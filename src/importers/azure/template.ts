/**
 * An ARM template with its expressions worked out: parameters (from their defaults, or from a file of parameters), variables,
 * conditions, copies, and the deployments inside of it. What cannot be known before a deployment stays as it is written and is told.
 *
 * Example: a resource with `copy: { name: each, count: 2 }` and the name `[concat('web-', copyIndex(1))]` becomes two, `web-1`
 * and `web-2`.
 */
import { callFunction } from './functions.ts'
import { type Json, type JsonObject, type Member, memberOf, shown, textOf } from './json.ts'
import { AzureRefusal, type Place, REFUSED } from './refusal.ts'
import type { Tell } from './report.ts'
import { type Expression, parseExpression, Unresolved } from './syntax.ts'

const MOST_COPIES = 800
const MOST_VALUES = 300_000
const MOST_NESTING = 40

export interface Parameters {
  readonly values: ReadonlyMap<string, Json>
}

/** Of a file of parameters: `{ parameters: { count: { value: 3 } } }`. */
export function parametersOf(document: Json, tell: Tell): ReadonlyMap<string, Json> {
  const given = memberOf(document, 'parameters')
  const members = given?.kind === 'object' ? given.members : []
  return new Map(
    members.flatMap(({ name, value, place }): [string, Json][] => {
      const found = value.kind === 'object' ? memberOf(value, 'value') : null
      if (found !== null) return [[name.toLowerCase(), found]]
      tell(
        'ambiguous',
        place,
        `the value of the parameter "${name}" is not in this file: a secret of a key vault, say`,
        'its default is taken where it has one',
      )
      return []
    }),
  )
}

interface Scope {
  /** By the name of the copy; `''` is the innermost. */
  readonly copies: ReadonlyMap<string, number>
}

const NO_COPIES: Scope = { copies: new Map() }

/** How much was worked out so far, over all templates inside of one. */
interface Spent {
  values: number
  nesting: number
}

/** What is worked out: resources of these types, and of them these keys. */
export interface Wanted {
  readonly isType: (type: string) => boolean
  readonly isKey: (name: string) => boolean
}

const EVERYTHING: Wanted = { isType: () => true, isKey: () => true }
const DEPLOYMENT = /^Microsoft\.Resources\/deployments$/i

export class Template {
  private readonly parameters: JsonObject | null
  private readonly variables: JsonObject | null
  private readonly given: ReadonlyMap<string, Json>
  private readonly tell: Tell
  private readonly worked = new Map<string, Json>()
  private readonly working = new Set<string>()
  private readonly spent: Spent

  constructor(
    document: Json,
    given: ReadonlyMap<string, Json>,
    tell: Tell,
    spent: Spent = { values: 0, nesting: 0 },
  ) {
    this.spent = spent
    this.parameters = objectOrNull(memberOf(document, 'parameters'))
    this.variables = objectOrNull(memberOf(document, 'variables'))
    this.given = given
    this.tell = tell
  }

  /**
   * Every resource that would be deployed, the ones inside others and inside of other deployments too, with what is written in it
   * worked out. Of types that are not wanted nothing is worked out, and nothing told.
   */
  resources(document: Json, wanted: Wanted = EVERYTHING): readonly Json[] {
    return this.resourcesOf(memberOf(document, 'resources'), NO_COPIES, wanted)
  }

  private resourcesOf(written: Json | null, scope: Scope, wanted: Wanted): readonly Json[] {
    const list =
      written?.kind === 'array'
        ? written.items
        : written?.kind === 'object'
          ? written.members.map(({ value }) => value)
          : []
    return list.flatMap(resource => this.copiesOf(resource, scope, wanted))
  }

  private copiesOf(resource: Json, scope: Scope, wanted: Wanted): readonly Json[] {
    // One that exists already is only named here.
    if (resource.kind !== 'object' || isTrue(memberOf(resource, 'existing'))) return []
    if (!holdsWanted(resource, wanted)) return []
    const copy = memberOf(resource, 'copy')
    if (copy === null) return this.deployed(resource, scope, wanted)
    return this.repeated(copy, scope).flatMap(inner => this.deployed(resource, inner, wanted))
  }

  private deployed(resource: JsonObject, scope: Scope, wanted: Wanted): readonly Json[] {
    const condition = memberOf(resource, 'condition')
    if (condition !== null) {
      const decided = this.work(condition, scope)
      const isOff = decided.kind === 'boolean' ? !decided.value : textOf(decided)?.toLowerCase() === 'false'
      if (isOff) {
        this.tell('lost', condition.place, 'a resource whose condition is false is left out')
        return []
      }
    }
    const type = this.typeOf(resource, scope)
    if (DEPLOYMENT.test(type)) return this.inside(memberOf(resource, 'properties'), scope, wanted)
    const nested = this.resourcesOf(memberOf(resource, 'resources'), scope, wanted)
    if (!wanted.isType(type)) return nested
    const own = resource.members.filter(
      ({ name }) => !/^(?:copy|condition|resources)$/i.test(name) && wanted.isKey(name),
    )
    return [this.work({ ...resource, members: own }, scope), ...nested]
  }

  private typeOf(resource: JsonObject, scope: Scope): string {
    const written = memberOf(resource, 'type')
    return (written === null ? null : textOf(this.work(written, scope))) ?? ''
  }

  /** A deployment in the template: what Bicep makes of a module, say. */
  private inside(properties: Json | null, scope: Scope, wanted: Wanted): readonly Json[] {
    const template = properties === null ? null : memberOf(properties, 'template')
    const link = properties === null ? null : memberOf(properties, 'templateLink')
    if (link !== null) {
      this.tell(
        'lost',
        link.place,
        'a deployment of a template that is elsewhere is not looked into',
        'import that template by itself',
      )
    }
    if (properties === null || template === null) return []
    const options = memberOf(properties, 'expressionEvaluationOptions')
    const isInner = textOf(options === null ? null : memberOf(options, 'scope'))?.toLowerCase() === 'inner'
    // Without a scope of its own it has the parameters and variables of the template around it.
    if (!isInner) return this.resourcesOf(memberOf(template, 'resources'), scope, wanted)
    const given = new Map(
      [...parametersOf(properties, this.tell)].map(([name, value]): [string, Json] => [
        name,
        this.work(value, scope),
      ]),
    )
    return new Template(template, given, this.tell, this.spent).resources(template, wanted)
  }

  private repeated(copy: Json, scope: Scope): readonly Scope[] {
    const written = memberOf(copy, 'count')
    const count = written === null ? null : this.work(written, scope)
    if (count?.kind !== 'number' || !Number.isInteger(count.value) || count.value < 0) {
      const found = count === null ? 'none' : shown(count)
      throw new AzureRefusal(
        REFUSED.unresolved,
        copy.place,
        `the count of a copy is not a whole number: ${found}`,
      )
    }
    if (count.value > MOST_COPIES) {
      throw new AzureRefusal(
        REFUSED.damaged,
        copy.place,
        `a copy makes ${count.value}; Azure allows ${MOST_COPIES}`,
      )
    }
    const name = textOf(memberOf(copy, 'name'))?.toLowerCase() ?? ''
    return Array.from({ length: count.value }, (_, index) => ({
      copies: new Map([...scope.copies, [name, index], ['', index]]),
    }))
  }

  /** The value with everything in it worked out. */
  work(value: Json, scope: Scope = NO_COPIES): Json {
    this.spent.values += 1
    this.spent.nesting += 1
    try {
      if (this.spent.values > MOST_VALUES || this.spent.nesting > MOST_NESTING * 3) {
        throw new AzureRefusal(REFUSED.damaged, value.place, 'worked out, the template becomes too large')
      }
      switch (value.kind) {
        case 'text':
          return this.workText(value.value, value, scope)
        case 'array':
          return { ...value, items: value.items.map(item => this.work(item, scope)) }
        case 'object':
          return { ...value, members: this.workMembers(value, scope) }
        default:
          return value
      }
    } finally {
      this.spent.nesting -= 1
    }
  }

  private workMembers(value: JsonObject, scope: Scope): readonly Member[] {
    return value.members.flatMap(member => {
      if (member.name.toLowerCase() === 'copy' && member.value.kind === 'array') {
        return member.value.items.map(copy => this.copiedMember(copy, member, scope))
      }
      return [{ ...member, value: this.work(member.value, scope) }]
    })
  }

  /** `copy: [{ name, count, input }]` inside of properties and variables: a list of that name. */
  private copiedMember(copy: Json, { place }: Member, scope: Scope): Member {
    const input = memberOf(copy, 'input')
    const items = input === null ? [] : this.repeated(copy, scope).map(inner => this.work(input, inner))
    const name = textOf(memberOf(copy, 'name')) ?? ''
    return { name, place, value: { kind: 'array', items, place: copy.place } }
  }

  private workText(text: string, value: Json, scope: Scope): Json {
    if (!text.startsWith('[') || !text.endsWith(']')) return value
    const { place } = value
    if (text.startsWith('[[')) return { kind: 'text', value: text.slice(1), place }
    try {
      const result = this.evaluate(parseExpression(text.slice(1, -1)), place, scope)
      if (result.kind === 'text' && /\{[A-Za-z]+\}/.test(result.value)) {
        this.tell(
          'ambiguous',
          place,
          `${text} is known only when it is deployed; it stands as ${JSON.stringify(result.value)}`,
          'replace what is in braces, or import what `az monitor autoscale show` prints',
        )
      }
      return at(result, place)
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      this.tell(
        'ambiguous',
        place,
        `${text} cannot be worked out: ${error.message}`,
        'it is kept as it is written',
      )
      return value
    }
  }

  private evaluate(expression: Expression, place: Place, scope: Scope): Json {
    switch (expression.kind) {
      case 'text':
        return { kind: 'text', value: expression.value, place }
      case 'number':
        return { kind: 'number', value: expression.value, place }
      case 'member': {
        const of = this.evaluate(expression.of, place, scope)
        const found = memberOf(of, expression.name)
        if (found === null)
          throw new Unresolved(`there is no ${JSON.stringify(expression.name)} in ${shown(of)}`)
        return found
      }
      case 'index':
        return this.indexed(
          this.evaluate(expression.of, place, scope),
          this.evaluate(expression.index, place, scope),
        )
      case 'call':
        return this.call(expression.name, expression.args, place, scope)
    }
  }

  private indexed(of: Json, index: Json): Json {
    const found =
      of.kind === 'array' && index.kind === 'number'
        ? of.items[index.value]
        : index.kind === 'text'
          ? memberOf(of, index.value)
          : undefined
    if (found === undefined || found === null)
      throw new Unresolved(`there is no ${shown(index)} in ${shown(of)}`)
    return found
  }

  private call(name: string, args: readonly Expression[], place: Place, scope: Scope): Json {
    const lower = name.toLowerCase()
    if (lower === 'if') {
      const [test, yes, no] = args
      if (test === undefined || yes === undefined) throw new Unresolved('if() needs a test and two values')
      const decided = this.evaluate(test, place, scope)
      if (decided.kind !== 'boolean') throw new Unresolved(`${shown(decided)} is neither true nor false`)
      const chosen = decided.value ? yes : no
      if (chosen === undefined) throw new Unresolved('if() needs a test and two values')
      return this.evaluate(chosen, place, scope)
    }
    const values = args.map(arg => this.evaluate(arg, place, scope))
    switch (lower) {
      case 'parameters':
        return this.named('parameter', textOf(values[0] ?? null) ?? '')
      case 'variables':
        return this.named('variable', textOf(values[0] ?? null) ?? '')
      case 'copyindex':
        return copyIndex(values, place, scope)
      default:
        return callFunction(name, { args: values, place })
    }
  }

  /** Worked out once; one that is made of itself is refused. */
  private named(kind: 'parameter' | 'variable', name: string): Json {
    const key = `${kind} ${name.toLowerCase()}`
    const known = this.worked.get(key)
    if (known !== undefined) return known
    if (this.working.has(key)) throw new Unresolved(`the ${kind} "${name}" is made of itself`)
    this.working.add(key)
    try {
      const result = kind === 'parameter' ? this.parameter(name) : this.variable(name)
      this.worked.set(key, result)
      return result
    } finally {
      this.working.delete(key)
    }
  }

  private parameter(name: string): Json {
    const given = this.given.get(name.toLowerCase())
    if (given !== undefined) return given
    const declared = this.parameters === null ? null : memberOf(this.parameters, name)
    const fallback = declared === null ? null : memberOf(declared, 'defaultValue')
    if (fallback !== null) return this.work(fallback)
    throw new Unresolved(
      declared === null
        ? `there is no parameter "${name}"`
        : `the parameter "${name}" has no value: give a file of parameters, too`,
    )
  }

  private variable(name: string): Json {
    const written = this.variables === null ? null : memberOf(this.variables, name)
    if (written !== null) return this.work(written)
    const copied = this.copiedVariable(name)
    if (copied !== null) return copied
    throw new Unresolved(`there is no variable "${name}"`)
  }

  private copiedVariable(name: string): Json | null {
    const copy = this.variables === null ? null : memberOf(this.variables, 'copy')
    const items = copy?.kind === 'array' ? copy.items : []
    const found = items.find(item => textOf(memberOf(item, 'name'))?.toLowerCase() === name.toLowerCase())
    if (found === undefined) return null
    return this.copiedMember(found, { name, place: found.place, value: found }, NO_COPIES).value
  }
}

function isTrue(value: Json | null): boolean {
  return value?.kind === 'boolean' && value.value
}

/** Whether it, or something in it, is of a type that is wanted. */
function holdsWanted(resource: JsonObject, wanted: Wanted): boolean {
  const type = textOf(memberOf(resource, 'type')) ?? ''
  const mayBe = wanted.isType(type) || DEPLOYMENT.test(type) || type.startsWith('[')
  return mayBe || memberOf(resource, 'resources') !== null
}

/** What an expression gave stands where the expression does. */
function at(value: Json, place: Place): Json {
  return value.kind === 'object' || value.kind === 'array' ? value : { ...value, place }
}

function objectOrNull(value: Json | null): JsonObject | null {
  return value?.kind === 'object' ? value : null
}

function copyIndex(values: readonly Json[], place: Place, { copies }: Scope): Json {
  const [first, second] = values
  const name = first?.kind === 'text' ? first.value.toLowerCase() : ''
  const offset = first?.kind === 'number' ? first : second
  const index = copies.get(name)
  if (index === undefined) throw new Unresolved('copyIndex() stands outside of a copy')
  return { kind: 'number', value: index + (offset?.kind === 'number' ? offset.value : 0), place }
}
