"""How a report's page looks, on a screen and on paper, and what draws its figures there."""

STYLE = """
:root {
  --text: #1f2933; --muted: #5f6b76; --line: #e6e2d8; --ground: #fbfaf7; --surface: #f1efe8;
  --accent: #0f766e; --warning: #d97706;
  color-scheme: light dark;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9e8; --muted: #9aa6ab; --line: #263036; --ground: #11161a; --surface: #1a2126;
    --accent: #5eead4; --warning: #f59e0b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.55 "Source Sans", "Source Sans 3", system-ui, -apple-system, "Segoe UI", sans-serif;
}
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .8rem; }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
h1, h2, h3, p, li, td, figcaption, caption { overflow-wrap: anywhere; }
p { margin: 0 0 .8rem; }
section { margin: 2.2rem 0 0; padding-top: 1.6rem; border-top: 1px solid var(--line); }
header + section { margin-top: .5rem; padding-top: .5rem; border-top: 0; }
nav { margin-top: 1.2rem; padding: .9rem 1.2rem; background: var(--surface); border-radius: 10px; }
nav h2 { font-size: 1.05rem; margin-bottom: .3rem; }
nav ol { margin: 0; padding-left: 1.4rem; }
a { color: var(--accent); }
.quiet, figcaption, caption { color: var(--muted); font-size: .9em; }
table caption { font-size: .98em; }
.warning {
  border-left: 4px solid var(--warning); background: var(--surface); padding: .5rem .9rem;
}
ul { margin: 0 0 1rem; padding-left: 1.3rem; }
pre {
  overflow-x: auto; background: var(--surface); border-radius: 8px; padding: .8rem 1rem;
  font: .85rem/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace;
}
.table { overflow-x: auto; margin: 0 0 1.3rem; }
table { border-collapse: collapse; min-width: 50%; font-size: .92rem; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .32rem 1.1rem .32rem 0; }
th { color: var(--muted); font-weight: 600; border-bottom: 1.5px solid var(--line); }
td { border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
figure {
  margin: 1.2rem 0 1.6rem; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 10px;
}
figcaption { margin-top: .5rem; }
.square .chart { max-width: 46rem; margin: 0 auto; }
.chart { width: 100%; }
.still { display: block; width: 100%; max-width: 46rem; height: auto; margin: 0 auto; }
.live .still { display: none; }
figure h3 { display: none; }  /* the pictures have titles of their own */
.live figure h3 { display: block; }

@page { size: A4; margin: 16mm 15mm 18mm; }
@media print {
  :root { color-scheme: light; --ground: #ffffff; }
  body { font-size: 10pt; line-height: 1.4; background: #ffffff; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 18pt; } h2 { font-size: 13.5pt; }
  a { color: inherit; text-decoration: none; }
  section { break-before: page; margin: 0; padding: 0; border: 0; }
  header + section { break-before: auto; }
  h2, h3, caption, thead { break-after: avoid; }
  tr, figure, li, .warning { break-inside: avoid; }
  thead { display: table-header-group; }
  p { orphans: 3; widows: 3; }
  p:has(+ pre), p:has(+ ul) { break-after: avoid; }
  figure { border: 0; padding: 0; margin: 4mm 0; }
  .live .chart, .live figure h3 { display: none; }
  .still, .live .still { display: block; width: auto; max-width: 100%; max-height: 215mm; }
  pre { white-space: pre-wrap; overflow: visible; font-size: 8pt; break-inside: avoid; }
  .table { overflow: visible; }
  table { font-size: 8.5pt; min-width: 60%; }
  th, td { padding: .9mm 4mm .9mm 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

SCRIPT = """
// Draws the figures of a report in the reader's light or dark, and anew when that changes.
(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const settings = {
    displaylogo: false, responsive: true, scrollZoom: false,
    modeBarButtonsToRemove: [
      "select2d", "lasso2d", "pan2d", "zoom2d", "zoomIn2d", "zoomOut2d", "autoScale2d",
    ],
    toImageButtonOptions: {format: "svg"},
  };
  const draw = () => {
    for (const figure of document.querySelectorAll("figure")) {
      const chart = figure.querySelector(".chart");
      const text = figure.querySelector("script").textContent;
      const {data, layout} = JSON.parse(text)[dark.matches ? "dark" : "light"];
      chart.hidden = false;
      Plotly.react(chart, data, layout, settings);
    }
  };
  document.documentElement.classList.add("live");
  draw();
  dark.addEventListener("change", draw);
})();
"""
