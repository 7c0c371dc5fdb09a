/**
 * Is a text well-formed XML, as far as our pictures use it: tags that nest, attributes in quotes, escaped text?
 *
 * Example: `<a><b></a>` is "</a> closes <b>"; `<a x="1"/>` is `null`, nothing wrong.
 */
const TAG = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot|apos);)+/y

export function whatIsNotWellFormed(document: string): string | null {
  const xml = document.replace(/^<\?xml[^>]*\?>\s*/, '').trim()
  const open: string[] = []
  for (let at = 0; at < xml.length; ) {
    TAG.lastIndex = at
    TEXT.lastIndex = at
    const tag = TAG.exec(xml)
    const found = tag ?? TEXT.exec(xml)
    if (found === null) return `not understood at ${at}: ${xml.slice(at, at + 40)}`
    at += found[0].length
    if (tag === null) continue
    const [, closing, name = '', , selfClosing] = tag
    if (closing === '/') {
      const last = open.pop()
      if (last !== name) return `</${name}> closes <${last ?? 'nothing'}>`
    } else if (selfClosing === '') open.push(name)
  }
  return open.length === 0 ? null : `<${open.join('><')}> is not closed`
}
