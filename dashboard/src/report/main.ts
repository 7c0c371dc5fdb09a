/** The report's page: what one sees first is in the document; this makes it answer. */
import './report.css'

document.documentElement.classList.add('scripted')
