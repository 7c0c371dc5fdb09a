/** Puts the page into its place. Example: `<div id="page">` becomes the head and the fleet. */
import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { App } from './app.tsx'

const place = document.getElementById('page')
if (place !== null) render(<App />, place)
