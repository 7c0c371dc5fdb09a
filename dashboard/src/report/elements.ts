/**
 * Makes elements without a library; what is put in is text, never markup.
 *
 * Example: `make('button', { class: 'tool', 'aria-label': 'Zoom in' }, '+')`.
 */
type Attributes = Readonly<Record<string, string | boolean>>

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

export function button(label: string, said: string, act: () => void): HTMLButtonElement {
  const made = make('button', { class: 'tool', type: 'button', 'aria-label': said, title: said }, label)
  made.addEventListener('click', act)
  return made
}

/** A list to choose from, with its name before it. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, label: string])[],
  chosen: (value: string) => void,
): { readonly element: HTMLElement; readonly select: HTMLSelectElement } {
  const select = make('select', {}, ...options.map(([value, said]) => make('option', { value }, said)))
  select.addEventListener('change', () => chosen(select.value))
  return { element: make('label', { class: 'front' }, label, select), select }
}
