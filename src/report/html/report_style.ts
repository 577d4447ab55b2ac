/** The style of a report: light and dark, wide and narrow, screen and paper. It names no address. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ground: #f5f6f8; --ink: #1b1f24; --quiet: #55606e; --line: #d5dae1;
  --good: #00664b; --good-ground: #e4f4ee; --bad: #a33c00; --bad-ground: #fdeee4;
  --open: #24507f; --open-ground: #e8f0f9; --link: #0b5cad; --code: #f2f4f7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1c2128; --ground: #12161b; --ink: #e6eaf0; --quiet: #a3adba; --line: #3a434e;
    --good: #5fd3a8; --good-ground: #12322a; --bad: #ff9d66; --bad-ground: #3d2214;
    --open: #8cbcf2; --open-ground: #17293f; --link: #7db8f7; --code: #262d36;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 1; }
.page { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header .kind { margin: 0; color: var(--quiet); font-size: .85rem; letter-spacing: .04em; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .15rem 0 .4rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.4rem 0 .8rem; }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .6rem; }
p, ul, ol { margin: 0 0 .9rem; max-width: 48rem; }
li { margin-bottom: .35rem; }
h1, h2, h3, p, li, dd, summary, figcaption { overflow-wrap: anywhere; }
.about { color: var(--quiet); }
nav ol, nav ul { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; max-width: none; }
nav { margin: 1rem 0 0; font-size: .92rem; }
nav li { margin: 0; }
.headline {
  border-left: .4rem solid var(--open); background: var(--open-ground); padding: .9rem 1.1rem;
  font-size: 1.15rem; line-height: 1.45; font-weight: 600; max-width: none; border-radius: 0 .4rem .4rem 0;
}
.good > .headline { border-color: var(--good); background: var(--good-ground); }
.bad > .headline { border-color: var(--bad); background: var(--bad-ground); }
.tone { display: block; font-size: .8rem; letter-spacing: .05em; color: var(--open); }
.good > .headline .tone { color: var(--good); }
.bad > .headline .tone { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .8rem; margin: 0 0 1.2rem; }
.tiles > div { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
.tiles dt { color: var(--quiet); font-size: .85rem; }
.tiles dd { margin: 0; }
.tiles .value { font-size: 1.55rem; font-weight: 650; line-height: 1.3; }
.tiles .detail { color: var(--quiet); font-size: .85rem; }
.warning { border: 1px solid var(--bad); background: var(--bad-ground); border-radius: .4rem; padding: .6rem .9rem; max-width: none; }
.warning strong { color: var(--bad); }
.scroll { overflow-x: auto; margin: 0 0 1.2rem; max-width: 100%; }
table { border-collapse: collapse; font-size: .92rem; background: var(--paper); border: 1px solid var(--line); min-width: min(100%, 34rem); }
caption { text-align: left; font-weight: 600; padding: 0 0 .4rem; }

th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--code); font-weight: 600; white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 400; }
th:not(.number), td:not(.number) { overflow-wrap: anywhere; min-width: 8.5rem; }
:is(th, td).short { min-width: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
th.number { min-width: 4rem; }
tbody th.number, th.number:first-child { min-width: 0; }
tbody tr:nth-child(even) { background: color-mix(in srgb, var(--code) 45%, transparent); }
.steps { max-width: none; }
.steps > li { margin-bottom: 1.1rem; }
.nb { white-space: nowrap; }
.steps p { margin-bottom: .4rem; }
.cost { color: var(--quiet); }
.cost b { color: var(--ink); font-weight: 600; }
pre {
  background: var(--code); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; margin: 0 0 1rem;
  overflow-x: auto; font: .86rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; tab-size: 2;
}
.yaml { max-height: 32rem; overflow-y: auto; }
details { margin: 0 0 1rem; }
summary { cursor: pointer; color: var(--link); padding: .15rem 0; }
details[open] > summary { margin-bottom: .5rem; }
figure.chart { margin: 0 0 1.6rem; width: fit-content; max-width: 100%; }
.paper { background: #fff; border: 1px solid var(--line); border-radius: .5rem; padding: .4rem; width: max-content; max-width: 100%; overflow-x: auto; color: #222; }
.paper svg { display: block; max-width: 100%; min-width: min(34rem, 100vw * 1.5); height: auto; }
.live { position: relative; }
figcaption { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: baseline; margin-top: .4rem; }
figcaption details { margin: 0; flex: 1 1 20rem; }
figcaption p { color: var(--quiet); }
.save { display: inline-flex; gap: .5rem; }
.save[hidden] { display: none; }
button { font: inherit; color: var(--link); background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; padding: .15rem .6rem; cursor: pointer; }
button:hover { border-color: var(--link); }
#vg-tooltip-element { position: fixed; visibility: hidden; z-index: 10; padding: .4rem .6rem; font-size: .82rem; line-height: 1.4; max-width: 22rem;
  background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: .35rem; box-shadow: 0 2px 8px rgb(0 0 0 / 25%); }
#vg-tooltip-element.visible { visibility: visible; }
#vg-tooltip-element table { border: 0; min-width: 0; background: none; font-size: inherit; }
#vg-tooltip-element tr { background: none; }
#vg-tooltip-element td { border: 0; padding: 0 .3rem; }
#vg-tooltip-element td.key { color: var(--quiet); text-align: right; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: .8rem; color: var(--quiet); font-size: .88rem; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  .page { padding: 1.2rem .9rem 3rem; }
  h1 { font-size: 1.35rem; }
  .headline { font-size: 1.05rem; }
  .tiles { grid-template-columns: 1fr; }
  th, td { padding: .35rem .5rem; }
  td.number { white-space: normal; min-width: 5.2rem; }
  tbody th.number { min-width: 0; }
  th:not(.number), td:not(.number) { min-width: 7.5rem; }
}
@media print {
  :root {
    --paper: #fff; --ground: #fff; --ink: #000; --quiet: #444; --line: #bbb; --good: #00543e; --good-ground: #fff;
    --bad: #8a3300; --bad-ground: #fff; --open: #1d4268; --open-ground: #fff; --link: #000; --code: #fff;
  }
  @page { margin: 1.6cm; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  nav, .skip, .save, figcaption summary { display: none !important; }
  h2, h3, caption { break-after: avoid; }
  figure.chart, tr, .headline, .tiles > div, .steps > li, .warning { break-inside: avoid; }
  details:not([open])::details-content { content-visibility: visible; block-size: auto; }
  figcaption details { display: none; }
  .scroll, .paper, pre { overflow: visible; max-height: none; }
  .number { white-space: normal; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .paper { border: 0; padding: 0; }
  .paper svg { min-width: 0; }
  table { font-size: 9pt; }
  .result + .result { break-before: page; }
}
`;
