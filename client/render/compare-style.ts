/** How the page of a comparison looks, by day and by night, as the reader's system has it. */
export const COMPARISON_STYLE = `
:root { --fg: #1c1f23; --bg: #fff; --soft: #f4f5f7; --line: #d5d9de; --add: #1a6b35; --add-bg: #dcf5e3; --del: #a32020; --del-bg: #fde3e1; --chg: #7a5600; --chg-bg: #fbf0d0; }
@media (prefers-color-scheme: dark) {
  :root { --fg: #e4e6ea; --bg: #16181b; --soft: #1f2226; --line: #3a3f46; --add: #7fdc9b; --add-bg: #14371f; --del: #ff9d96; --del-bg: #461b19; --chg: #e8c66a; --chg-bg: #3a2f10; }
}
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--fg); background: var(--bg); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
h3 { font-size: .9rem; margin: 1rem 0 .3rem; font-family: ui-monospace, monospace; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { white-space: nowrap; }
.totals td { font-variant-numeric: tabular-nums; }
.sides, .note { color: color-mix(in srgb, var(--fg) 75%, var(--bg)); font-size: .9rem; }
.same { color: var(--add); } .differ { color: var(--chg); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
.added, .changed, .removed { border-radius: 4px; padding: 0 .4em; font: .8rem system-ui, sans-serif; }
.added, ins { color: var(--add); background: var(--add-bg); }
.changed { color: var(--chg); background: var(--chg-bg); }
.removed, del { color: var(--del); background: var(--del-bg); }
ins { text-decoration: underline; } del { text-decoration: line-through; }
.texts { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
.texts > div { background: var(--soft); border-radius: 6px; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.texts > .none { opacity: .6; font-style: italic; }
@media (max-width: 40rem) { .texts { grid-template-columns: 1fr; } }
`.trim();
