import { describe, expect, it } from 'vitest'
import { ImportError } from '../import-error.ts'
import { capacity, profile, properties, setting, template } from './azure.fixture.ts'
import { importAzure, readSettings } from './import-azure.ts'
import { collectFindings } from './report.ts'

const TYPE = { type: 'Microsoft.Insights/autoscalesettings', apiVersion: '2022-10-01' }

describe('an ARM template', () => {
  it('is worked out with parameters, variables, concat, resourceId and copies', () => {
    const [one, two] = settingsOf([
      template(
        [
          { type: 'Microsoft.Compute/virtualMachineScaleSets', name: 'web1' },
          {
            ...TYPE,
            name: "[concat(variables('prefix'), '-scale', copyIndex(1))]",
            location: '[resourceGroup().location]',
            copy: { name: 'each', count: "[length(parameters('names'))]" },
            properties: properties({
              targetResourceUri:
                "[resourceId('Microsoft.Compute/virtualMachineScaleSets', parameters('names')[copyIndex('each')])]",
              profiles: [
                profile({
                  capacity: {
                    minimum: "[string(parameters('min'))]",
                    maximum: "[variables('sizes').most]",
                    default: "[parameters('MIN')]",
                  },
                }),
              ],
            }),
          },
        ],
        {
          parameters: {
            names: { type: 'array', defaultValue: ['web1', 'web2'] },
            min: { type: 'int', defaultValue: 2 },
          },
          variables: { prefix: "[toLower('SHOP')]", sizes: { most: "[add(parameters('min'), 4)]" } },
        },
      ),
    ])
    expect(one).toMatchObject({ name: 'shop-scale1' })
    expect(one?.profiles[0]?.capacity).toEqual({ min: 2, max: 6, default: 2 })
    expect(two).toMatchObject({
      name: 'shop-scale2',
      target:
        '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/web2',
    })
  })

  it('takes the values of a file of parameters', () => {
    const written = template([{ ...TYPE, name: "[parameters('n')]", properties: properties() }], {
      parameters: { n: { type: 'string' } },
    })
    const parameters = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#',
      parameters: { N: { value: 'mine' } },
    }
    expect(settingsOf([written, parameters])[0]?.name).toBe('mine')
  })

  it('is told of parameters that say nothing, and of files and entries without a setting', () => {
    const { tell, all } = collectFindings()
    const files = [
      template([{ ...TYPE, name: "[parameters('n')]", properties: properties() }], {
        parameters: { n: { type: 'string', defaultValue: 'usual' } },
      }),
      { parameters: { n: { reference: { keyVault: { id: 'x' }, secretName: 'y' } }, m: { value: 1 } } },
      [setting(), { name: 'not one' }],
      { hello: 1 },
    ].map((document, index) => ({ file: `${index}.json`, text: JSON.stringify(document) }))
    expect(readSettings(files, tell).map(({ name }) => name)).toEqual(['usual', 'web-scale'])
    expect(all().map(({ kind, file, message }) => `${kind} ${file} ${message}`)).toEqual([
      'lost 1.json no template here has the parameter "m"',
      'lost 2.json this is not an autoscale setting: it has no list of "profiles"',
      'lost 3.json there is no autoscale setting in this file, and it is not one of parameters',
      expect.stringMatching(/^ambiguous 1\.json the value of the parameter "n" is not in this file/),
    ])
  })

  it('repeats what a copy inside of properties says, and one of variables', () => {
    const copy = [
      { name: 'profiles', count: 2, input: profile({ name: "[variables('names')[copyIndex('profiles')]]" }) },
    ]
    const [found] = settingsOf([
      template([{ ...TYPE, name: 'a', properties: { enabled: true, targetResourceUri: '/x', copy } }], {
        variables: { copy: [{ name: 'names', count: 2, input: "[format('p{0}', copyIndex('names'))]" }] },
      }),
    ])
    expect(found?.profiles.map(({ name }) => name)).toEqual(['p0', 'p1'])
  })

  it.each<readonly [string, unknown]>([
    ["[if(equals(1, 2), 'no', 'web')]", 'web'],
    ["[concat('a', 'b', 3)]", 'ab3'],
    ["[toUpper(substring('hello', 1, 2))]", 'EL'],
    ["[replace('a-b', '-', '_')]", 'a_b'],
    ["[first(split('x,y', ','))]", 'x'],
    ["[last(createArray('x', 'y'))]", 'y'],
    ['[string(mul(add(1, 2), sub(5, 3)))]', '6'],
    ['[string(mod(div(9, 2), 3))]', '1'],
    ['[string(max(1, 3, 2))]', '3'],
    ['[string(min(4, 3))]', '3'],
    ["[if(and(true(), not(false())), trim(' y '), '')]", 'y'],
    ["[if(or(false(), greater(2, 1)), 'y', 'n')]", 'y'],
    ["[if(contains('abc', 'b'), 'y', 'n')]", 'y'],
    ["[if(empty(''), 'y', 'n')]", 'y'],
    ["[if(startsWith('abc', 'A'), 'y', 'n')]", 'y'],
    ["[coalesce(null(), 'y')]", 'y'],
    ["[createObject('a', 'x', 'b', concat('y', 1)).b]", 'y1'],
    ["[base64('web')]", 'd2Vi'],
    ["[join(createArray('a', 1), '-')]", 'a-1'],
    ["[string(length(union(createArray('a', 'b'), createArray('b', 'c'))))]", '3'],
    [
      "[union(createObject('a', createObject('x', 'p')), createObject('A', createObject('y', 'q'))).a.x]",
      'p',
    ],
    ["[union(createObject('a', 'x'), createObject('a', 'y')).a]", 'y'],
    ['[string(last(range(5, 3)))]', '7'],
    ["[concat(take('hello', 2), skip('hello', 4))]", 'heo'],
    ["[first(skip(createArray('a', 'b'), 1))]", 'b'],
    ['[coalesce(json(\'null\'), json(\'{"a": "y"}\').a)]', 'y'],
    ["['it''s']", "it's"],
    ['[[plain]', '[plain]'],
    ['not [an] expression', 'not [an] expression'],
    ["[uniqueString('a')]", '{uniqueString}'],
    ["[subscriptionResourceId('A.B/c', 'd')]", '/subscriptions/{subscriptionId}/providers/A.B/c/d'],
    [
      "[resourceId('s', 'g', 'A.B/c/e', 'd', 'f')]",
      '/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f',
    ],
    ["[resourceId('s', 'g', 'A.B/c/', 'd')]", '/subscriptions/s/resourceGroups/g/providers/A.B/c/d'],
    ['[subscription().subscriptionId]', '{subscriptionId}'],
  ])('works out %s', (name, value) => {
    expect(settingsOf([template([{ ...TYPE, name, properties: properties() }])])[0]?.name).toBe(value)
  })

  it.each([
    ["[reference('x').y]", 'reference() is known only when it is deployed'],
    ["[parameters('none')]", 'there is no parameter "none"'],
    ["[parameters('open')]", 'give a file of parameters'],
    ["[variables('round')]", 'is made of itself'],
    ["[concat('a']", 'expected ","'],
    ["[createObject('a').a]", 'names and values in turn'],
    ["[createObject(1, 'a').a]", '1 is not a name'],
    ['[div(1, 0)]', 'divides by zero'],
    ['[copyIndex()]', 'outside of a copy'],
    ["[dateTimeAdd('x', 'y')]", 'dateTimeAdd() is not a function known here'],
    ["[json('{')]", 'json() of what is none'],
    ['[union(createArray(), createObject()).a]', 'does not fit together'],
    ['[string(length(range(0, 20000)))]', 'up to 10000 whole numbers'],
    ["[join('a', 'b')]", 'takes a list'],
    [`[${'toLower('.repeat(40)}'a'${')'.repeat(40)}]`, 'nested too deep'],
  ])('keeps %s as it is written, and says why', (name, why) => {
    const { tell, all } = collectFindings()
    const written = template([{ ...TYPE, name, properties: properties() }], {
      parameters: { open: { type: 'string' } },
      variables: { round: "[variables('round2')]", round2: "[variables('round')]" },
    })
    const [found] = readSettings([{ file: 'a.json', text: JSON.stringify(written) }], tell)
    expect(found?.name).toBe(name)
    expect(all()).toContainEqual(
      expect.objectContaining({
        kind: 'ambiguous',
        message: expect.stringContaining(why),
      }),
    )
  })

  it('leaves out a resource whose condition is false, and does not look for templates elsewhere', () => {
    const { tell, all } = collectFindings()
    const written = template([
      { ...TYPE, name: 'off', condition: '[equals(1, 2)]', properties: properties() },
      {
        type: 'Microsoft.Resources/deployments',
        name: 'd',
        properties: { templateLink: { uri: 'https://example.org/t.json' } },
      },
      {
        type: 'Microsoft.Web/serverfarms',
        name: 'plan',
        resources: [{ ...TYPE, name: 'inside', properties: properties() }],
      },
    ])
    const found = readSettings([{ file: 'a.json', text: JSON.stringify(written) }], tell)
    expect(found.map(({ name }) => name)).toEqual(['inside'])
    expect(all().map(({ kind, message }) => `${kind}: ${message.slice(0, 29)}`)).toEqual([
      'lost: a resource whose condition is',
      'lost: a deployment of a template th',
    ])
  })

  it('looks into the deployments inside of it, as Bicep makes them of modules', () => {
    const inner = template(
      {
        mine: {
          ...TYPE,
          name: "[concat(parameters('name'), parameters('end'))]",
          properties: properties({ targetResourceUri: "[parameters('target')]" }),
        },
      },
      {
        languageVersion: '2.0',
        parameters: {
          name: { type: 'string' },
          end: { type: 'string', defaultValue: '-inner' },
          target: { type: 'string' },
        },
      },
    )
    const deployment = (change: object) => ({
      type: 'Microsoft.Resources/deployments',
      name: 'module',
      properties: { mode: 'Incremental', template: inner, ...change },
    })
    const own = {
      expressionEvaluationOptions: { scope: 'inner' },
      parameters: {
        name: { value: "[concat(parameters('name'), '-', copyIndex())]" },
        target: { value: "[resourceId('s', 'g', 'A.B/c', parameters('name'))]" },
      },
    }
    const around = {
      parameters: {
        name: { type: 'string', defaultValue: 'outer' },
        end: { type: 'string', defaultValue: '' },
        target: { type: 'string', defaultValue: '/x' },
      },
    }
    const found = settingsOf([
      template([{ ...deployment(own), copy: { name: 'each', count: 2 } }, deployment({})], around),
    ])
    expect(found.map(({ name, target }) => [name, target])).toEqual([
      ['outer-0-inner', '/subscriptions/s/resourceGroups/g/providers/A.B/c/outer'],
      ['outer-1-inner', '/subscriptions/s/resourceGroups/g/providers/A.B/c/outer'],
      ['outer', '/x'],
    ])
  })

  it('says nothing of resources that are no settings, nor of those that exist already', () => {
    const { tell, all } = collectFindings()
    const written = template({
      old: { ...TYPE, existing: true, name: 'old' },
      store: { type: 'Microsoft.Storage/storageAccounts', name: "[uniqueString('a')]" },
      fleet: {
        type: 'Microsoft.Compute/virtualMachineScaleSets',
        name: "[parameters('none')]",
        condition: '[equals(1, 2)]',
        copy: { name: 'each', count: "[parameters('none')]" },
      },
      mine: {
        ...TYPE,
        name: 'a',
        dependsOn: ["[resourceId('Microsoft.Compute/virtualMachineScaleSets', 'web')]"],
        properties: properties(),
      },
    })
    const found = readSettings([{ file: 'a.json', text: JSON.stringify(written) }], tell)
    expect([found.map(({ name }) => name), all()]).toEqual([['a'], []])
  })

  it('reads resources under symbolic names', () => {
    expect(settingsOf([template({ mine: { ...TYPE, name: 'a', properties: properties() } })])[0]?.name).toBe(
      'a',
    )
  })

  it.each([
    [{ name: 'x', count: 801 }, 'PLM-750', 'Azure allows 800'],
    [{ name: 'x', count: "[parameters('none')]" }, 'PLM-753', 'not a whole number'],
  ])('refuses the copy %j', (copy, code, message) => {
    expect(refusalOf(template([{ ...TYPE, name: 'a', copy, properties: properties() }]))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  it('refuses a template that grows without end when it is worked out', () => {
    const levels = Array.from({ length: 8 }, (_, level) => level)
    const input = levels.reduce<unknown>(
      (inner, level) => ({ copy: [{ name: 'a', count: 30, input: inner }], level }),
      1,
    )
    const written = template([{ ...TYPE, name: 'a', tags: input, properties: properties() }])
    expect(refusalOf(written)).toMatchObject({
      code: 'PLM-750',
      message: expect.stringContaining('too large'),
    })
  })

  it('counts what is in other deployments towards that', () => {
    const properties = (inner: object) => ({
      expressionEvaluationOptions: { scope: 'inner' },
      template: template([inner]),
    })
    const deployments = Array.from({ length: 4 }).reduce<object>(
      inner => ({
        type: 'Microsoft.Resources/deployments',
        name: 'd',
        copy: { name: 'each', count: 800 },
        properties: properties(inner),
      }),
      { ...TYPE, name: 'a', properties: {} },
    )
    expect(refusalOf(template([deployments]))).toMatchObject({
      code: 'PLM-750',
      message: expect.stringContaining('too large'),
    })
  })

  it('says the place of an expression for what is wrong in the text it reads', () => {
    const wrong =
      '[json(\'{ "name": "d", "capacity": { "minimum": "1", "maximum": "2", "default": "two" } }\')]'
    const [problem] = [
      refusalOf(template([{ ...TYPE, name: 'a', properties: properties({ profiles: [wrong] }) }])),
    ]
    const line = JSON.stringify(
      template([{ ...TYPE, name: 'a', properties: properties({ profiles: [wrong] }) }]),
    )
    expect(problem).toMatchObject({ line: 1, column: line.indexOf('"[json(') + 1 })
    expect(problem?.message).toContain('expected a number, found "two"')
  })

  it('says the place in the template of a value that is wrong once it is worked out', () => {
    const wrong = profile({ capacity: { ...capacity(), minimum: "[parameters('min')]" } })
    const problem = refusalOf(
      template([{ ...setting(), ...TYPE, properties: properties({ profiles: [wrong] }) }], {
        parameters: { min: { type: 'string', defaultValue: 'two' } },
      }),
    )
    expect(problem?.message).toContain('resources[0].properties.profiles[0].capacity.minimum')
  })
})

function settingsOf(documents: readonly unknown[]) {
  const files = documents.map((document, index) => ({
    file: `${index}.json`,
    text: JSON.stringify(document),
  }))
  return readSettings(files, collectFindings().tell)
}

function refusalOf(document: unknown) {
  try {
    importAzure([{ file: 'a.json', text: JSON.stringify(document) }])
    return null
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return error.problems[0]
  }
}
