/**
 * The named schemas of the OpenAPI document: what is registered here becomes `#/components/schemas/<id>` and
 * is referred to, instead of being written out at every route.
 *
 * Example: `component('Bounds', z.object({ lowest: z.number() }))` and a route answering `Bounds` gives
 * `{ "$ref": "#/components/schemas/Bounds" }`.
 */
import { z } from 'zod'

export const components = z.registry<{ id: string }>()

export function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id })
  return schema
}

/**
 * Fails to compile when the wire form leaves out something the model has: `Covers<Decision, z.output<typeof
 * DecisionWire>>`. The other way round (the wire asks for more) fails where a route answers.
 */
export type Covers<Model, Wire extends Model> = [Model, Wire]
