/** The style of the frame, the list and the controls. */
export const STYLE = String.raw`
:root {
  color-scheme: light dark;
  --paper: light-dark(#faf9f7, #151514);
  --sheet: light-dark(#ffffff, #1c1c1a);
  --sunk: light-dark(#f4f2ee, #242421);
  --ink: light-dark(#1f1e1b, #ebe9e4);
  --soft: light-dark(#63605a, #a5a199);
  --line: light-dark(#e5e2db, #32312d);
  --edge: light-dark(#8d897f, #77736a);
  --accent: light-dark(#0f6b63, #6cc5b9);
  --tint: light-dark(#e8f2f0, #1d3330);
  --on-accent: light-dark(#ffffff, #0f1f1d);
  --mark: light-dark(#fbe7a6, #5a4a14);
  --user: light-dark(#2f5aa8, #94b6f0);
  --tool: light-dark(#8a5414, #dcae72);
  --other: light-dark(#7a4a8c, #cfa4df);
  --s0: light-dark(#12766d, #57b3a7);
  --s1: light-dark(#3c67b5, #7fa3e3);
  --s2: light-dark(#b8731f, #d7a45e);
  --s3: light-dark(#8a559c, #bd91cd);
  --s4: light-dark(#b4506a, #db8ba0);
  --s5: light-dark(#8b877d, #8e8a81);
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  color: var(--ink);
  background: var(--paper);
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; overflow: hidden; -webkit-text-size-adjust: 100%; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
ul { list-style: none; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
code, pre, .mono { font-family: var(--mono); font-size: 0.87em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h1:focus { outline: none; }
small { font-size: 0.85em; color: var(--soft); font-weight: 400; margin-left: 0.6em; }
.quiet, .sub, .note { color: var(--soft); }
.note { padding: 1rem; }

.top { flex: none; display: flex; align-items: baseline; gap: 0.9rem; padding: 0 1.25rem; height: 3.25rem; line-height: 3.25rem; border-bottom: 1px solid var(--line); background: var(--sheet); }
.brand { font-weight: 680; font-size: 1.1rem; letter-spacing: -0.015em; color: var(--ink); text-decoration: none; }
.file { color: var(--soft); font-size: 0.87rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.top nav { margin-left: auto; display: flex; gap: 1.4rem; flex: none; }
.top nav a { color: var(--soft); text-decoration: none; font-size: 0.93rem; height: 3.25rem; border-bottom: 2px solid transparent; }
.top nav a:hover { color: var(--ink); }
.top nav a[aria-current] { color: var(--ink); border-color: var(--accent); }
.top nav a[hidden] { display: none; }

.panes { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(19rem, 25rem) minmax(0, 1fr); }
[data-view="single"] .panes { grid-template-columns: minmax(0, 1fr); }
[data-view="single"] .side { display: none; }
.side { display: flex; flex-direction: column; min-height: 0; border-right: 1px solid var(--line); background: var(--sheet); }
.view { overflow-y: auto; min-height: 0; }

.filters { padding: 0.9rem 1rem 0; display: grid; gap: 0.5rem; }
.selects { display: grid; grid-template-columns: 1.25fr 1fr 1fr; gap: 0.5rem; }
input[type="search"], select, button { font: inherit; font-size: 0.87rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--edge); border-radius: 7px; min-height: 2.15rem; padding: 0 0.65rem; min-width: 0; }
input[type="search"] { width: 100%; font-size: 0.93rem; -webkit-appearance: none; appearance: none; }
::placeholder { color: var(--soft); opacity: 1; }
select { padding: 0 0.35rem; text-overflow: ellipsis; }
button { cursor: pointer; }
button:hover, select:hover { background: var(--sunk); }
button:disabled { opacity: 0.6; cursor: default; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); min-width: 5.2rem; }
button.primary:hover { filter: brightness(1.08); background: var(--accent); }
button.more { margin-top: 0.6rem; color: var(--accent); border-color: var(--line); }
.count { padding: 0.6rem 1rem 0.5rem; font-size: 0.82rem; color: var(--soft); border-bottom: 1px solid var(--line); }

.scroller { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; }
.rows { position: relative; }
.rows li { position: absolute; left: 0; right: 0; height: 88px; contain: strict; }
.row { display: grid; grid-template-columns: minmax(0, 1fr); align-content: center; gap: 0.05rem; height: 88px; padding: 0 1rem 0 calc(1rem - 3px); color: inherit; text-decoration: none; border-bottom: 1px solid var(--line); border-left: 3px solid transparent; font-size: 0.87rem; line-height: 1.42; }
.row:hover { background: var(--sunk); }
.row:focus-visible { outline-offset: -3px; border-radius: 4px; }
.row[aria-current] { background: var(--tint); border-left-color: var(--accent); }
.row-head { display: flex; justify-content: space-between; gap: 1rem; }
.row-head b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row-head time, .row-foot { color: var(--soft); font-size: 0.8rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.row-foot { display: flex; justify-content: space-between; gap: 1rem; }
.row-foot i { font-style: normal; }
.line { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: plaintext; text-align: left; }
.row.blank { background: linear-gradient(var(--sunk), var(--sunk)) 1rem 24px / 40% 10px no-repeat, linear-gradient(var(--sunk), var(--sunk)) 1rem 46px / 75% 10px no-repeat; }

/* On a narrow screen, the list is a view of its own, with its own title for screen readers. */
.unseen { display: none; }
.back { display: none; }
@media (max-width: 59.99em) {
  .panes { grid-template-columns: minmax(0, 1fr); }
  [data-pane="list"] .unseen { display: block; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .side { border-right: 0; }
  [data-pane="list"] .view, [data-pane="detail"] .side { display: none; }
  [data-pane="choose"] .panes { grid-template-rows: auto minmax(0, 1fr); }
  [data-pane="choose"] .entry { padding-bottom: 1.1rem; }
  [data-pane="choose"] .view { order: -1; border-bottom: 1px solid var(--line); }
  .back { display: block; width: 100%; text-decoration: none; margin-bottom: 0.2rem; }
  input[type="search"], select { font-size: 16px; }
}
@media (max-width: 30em) {
  .top { padding: 0 1rem; gap: 0.6rem; }
  .top nav { gap: 1rem; }
  .wide-only { display: none; }
  .selects select { font-size: 14px; }
}
@media (prefers-reduced-motion: no-preference) {
  .row, button, .tile { transition: background-color 0.12s; }
}
`;
