/**
 * The style of a report: in light and dark, on a phone and printed.
 *
 * @module
 */

/** The style sheet. Nearly everyone can distinguish blue, orange and grey. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --faint: #5f6a76; --line: #d5dae0;
  --critical: #c2410c; --high: #1d63b8; --normal: #7d8894;
  --good: #1a7f37; --bad: #c11a2b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e6e9ec; --faint: #98a2ad; --line: #363d45;
    --critical: #f0883e; --high: #58a6ff; --normal: #8b96a1;
    --good: #56d364; --bad: #ff7b72;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 60rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p { margin: 0.5rem 0; }
.faint { color: var(--faint); }
.good { color: var(--good); }
.bad { color: var(--bad); }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1rem; }
.figures div { border-top: 2px solid var(--line); padding-top: 0.25rem; }
.figures data { display: block; font-size: 1.3rem; }
.figures span { color: var(--faint); font-size: 0.85rem; }
.plot { margin: 1rem 0; padding: 1.6rem 0.5rem 1.6rem 5.5rem; position: relative; }
.area { position: relative; height: 16rem; border: solid var(--line); border-width: 0 0 1px 1px; }
.area svg { width: 100%; height: 100%; display: block; }
path.critical { fill: var(--critical); }
path.high { fill: var(--high); }
path.normal { fill: var(--normal); }
path.odd { opacity: 0.75; }
line { stroke: var(--ink); stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
line.connection, line.interrupt { stroke: var(--bad); }
.rates { position: absolute; left: 0; width: 5.2rem; top: 1.6rem; height: 16rem; }
.rates span, .times span, .mark { position: absolute; font-size: 0.75rem; color: var(--faint); }
.rates span { right: 0; transform: translateY(50%); white-space: nowrap; }
.times { position: relative; height: 1rem; margin-top: 0.25rem; }
.times span { transform: translateX(-50%); }
.mark {
  top: -1.4rem; transform: translateX(-50%); color: var(--ink);
  border: 1px solid currentColor; border-radius: 1em; min-width: 1.5em; text-align: center;
  line-height: 1.4;
}
.mark.connection, .mark.interrupt { color: var(--bad); }
.key { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.3em; }
.key.critical { background: var(--critical); }
.key.high { background: var(--high); }
.key.normal { background: var(--normal); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; vertical-align: top; }
th { color: var(--faint); font-weight: normal; font-size: 0.85rem; }
tr { border-bottom: 1px solid var(--line); }
th.amount, td.amount { text-align: right; white-space: nowrap; }
td.name { min-width: 8rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  body { padding: 0.75rem; }
  .digest { display: none; }
  .plot { padding-left: 4.8rem; }
  .rates { width: 4.5rem; }
}
@media print {
  body { max-width: none; }
  .plot, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, figure { break-inside: avoid; }
}
`;
