/**
 * A uPlot chart as a component: made once, given new data on every render, as wide as its place, drawn in the
 * colours of the style sheet (light or dark).
 *
 * Example: `<Plot label="Instances" height={240} data={columns} range={[from, to]} options={build} />`.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

export interface Colours {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly water: string
  readonly waterFill: string
  readonly pendingFill: string
  readonly bound: string
  readonly boundFill: string
  readonly watch: string
  readonly watchFill: string
}

export interface PlotProps {
  /** Says to a screen reader what the picture shows. */
  readonly label: string
  readonly height: number
  readonly data: uPlot.AlignedData
  /** Seconds since the epoch, left and right edge. */
  readonly range: readonly [number, number]
  readonly options: (colours: Colours) => Omit<uPlot.Options, 'width' | 'height'>
  /** What lies over the picture; given the chart once it is drawn. */
  readonly over?: (plot: uPlot) => ComponentChildren
}

const DARK = matchMedia('(prefers-color-scheme: dark)')

export function Plot({ label, height, data, range, options, over }: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const [plot, setPlot] = useState<uPlot | null>(null)
  const [dark, setDark] = useState(DARK.matches)
  const [, setWidth] = useState(0)

  useEffect(() => {
    const changed = () => setDark(DARK.matches)
    DARK.addEventListener('change', changed)
    return () => DARK.removeEventListener('change', changed)
  }, [])

  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(
      { ...options(coloursOf(element)), width: element.clientWidth, height },
      data,
      element,
    )
    setPlot(made)
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height })
      setWidth(element.clientWidth)
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      setPlot(null)
    }
  }, [dark, height])

  if (plot !== null) {
    plot.batch(() => {
      plot.setData(data, false)
      plot.setScale('x', { min: range[0], max: range[1] })
    })
  }
  return (
    <div class="plot">
      <div ref={place} role="img" aria-label={label} />
      {plot === null || over === undefined ? null : over(plot)}
    </div>
  )
}

function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: read('ink'),
    muted: read('muted'),
    line: read('line'),
    water: read('water'),
    waterFill: read('water-fill'),
    pendingFill: read('pending-fill'),
    bound: read('bound'),
    boundFill: read('bound-fill'),
    watch: read('watch'),
    watchFill: read('watch-fill'),
  }
}
