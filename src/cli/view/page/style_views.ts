/** The style of the views. */
export const STYLE_OF_VIEWS = String.raw`
.entry { max-width: 58rem; margin: 0 auto; padding: 1.6rem 2rem 4rem; }
.entry-head { display: flex; gap: 1rem; align-items: flex-start; flex-wrap: wrap; }
.titles { flex: 1; min-width: 0; }
h1 { font-size: 1.4rem; line-height: 1.25; font-weight: 640; letter-spacing: -0.015em; overflow-wrap: anywhere; }
.sub { font-size: 0.9rem; margin-top: 0.2rem; }
.together { white-space: nowrap; }
.url { font-family: var(--mono); font-size: 0.8rem; color: var(--soft); margin-top: 0.35rem; overflow-wrap: anywhere; }
h2 { font-size: 0.78rem; font-weight: 600; letter-spacing: 0.06em; text-transform: uppercase; color: var(--soft); margin: 2rem 0 0.7rem; }

.facts { display: flex; flex-wrap: wrap; gap: 0.9rem 2.2rem; margin-top: 1.2rem; padding: 0.9rem 0; border-block: 1px solid var(--line); }
.facts dt { font-size: 0.76rem; color: var(--soft); line-height: 1.3; }
.facts dd { font-variant-numeric: tabular-nums; font-size: 0.93rem; overflow-wrap: anywhere; }
.settings { display: flex; flex-wrap: wrap; gap: 0.4rem; margin-top: 0.9rem; }
.settings li { font-size: 0.82rem; padding: 0.12rem 0.55rem; border-radius: 6px; background: var(--sunk); overflow-wrap: anywhere; }
.settings span { color: var(--soft); }

.message { display: grid; grid-template-columns: 6.2rem minmax(0, 1fr); gap: 0 1.2rem; padding: 0.95rem 0; border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 120px; }
.messages > .message:first-child { border-top: 0; padding-top: 0.2rem; }
.role { font-size: 0.87rem; line-height: 1.65; font-weight: 600; color: var(--other); overflow-wrap: anywhere; }
.role small { display: block; margin: 0; line-height: 1.3; }
.message.user .role { color: var(--user); }
.message.assistant .role { color: var(--accent); }
.message.system .role { color: var(--soft); }
.message.tool .role { color: var(--tool); }
.parts { display: grid; gap: 0.7rem; min-width: 0; max-width: 46rem; }
.parts > button { justify-self: start; margin-top: 0; }
.prose { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.message.system .prose { color: var(--soft); }
.code { margin: 0; padding: 0.7rem 0.9rem; background: var(--sunk); border-radius: 8px; line-height: 1.5; overflow: auto; max-height: 32rem; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; }
.card { border: 1px solid var(--line); border-radius: 9px; background: var(--sheet); overflow: hidden; }
.card .code { border-radius: 0; background: none; border-top: 1px solid var(--line); }
.card-head { display: flex; flex-wrap: wrap; gap: 0.1rem 0.7rem; align-items: baseline; padding: 0.45rem 0.9rem; font-size: 0.87rem; }
.card-head b { font-family: var(--mono); font-size: 0.93em; overflow-wrap: anywhere; }
.card-head span { color: var(--tool); }
.card-head code { color: var(--soft); margin-left: auto; overflow-wrap: anywhere; }
.card .more { margin: 0 0.9rem 0.7rem; }
summary { cursor: pointer; color: var(--soft); font-size: 0.9rem; }
summary:hover { color: var(--ink); }
.thinking .prose { margin-top: 0.4rem; padding-left: 0.9rem; border-left: 2px solid var(--line); color: var(--soft); font-size: 0.93rem; }
.citation { font-size: 0.9rem; overflow-wrap: anywhere; }
.citation q { display: block; color: var(--soft); margin-top: 0.1rem; }
.tag { font-size: 0.76rem; color: var(--soft); border: 1px solid var(--line); border-radius: 5px; padding: 0.05rem 0.4rem; margin-right: 0.5rem; }
.media { display: grid; gap: 0.4rem; justify-items: start; }
.media img { max-width: 100%; max-height: 24rem; border-radius: 8px; border: 1px solid var(--line); background: repeating-conic-gradient(var(--sunk) 0 25%, var(--sheet) 0 50%) 0 0 / 16px 16px; }
.media audio { width: min(100%, 26rem); }
figcaption { font-size: 0.82rem; color: var(--soft); overflow-wrap: anywhere; }

.player { border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); padding: 0.8rem 1rem 0.6rem; margin-bottom: 1rem; }
.controls { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; }
.controls .quiet { font-size: 0.85rem; margin-left: auto; }
.controls select { width: 4.4rem; }
.clock { min-width: 4.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.track { position: relative; margin: 0.7rem 8px 0; height: 48px; }
.chunks { display: block; width: 100%; height: 44px; border-bottom: 1px solid var(--edge); overflow: visible; }
.chunks line { stroke: var(--s0); stroke-width: 2px; }
.playhead { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: var(--ink); }
.playhead::after { content: ""; position: absolute; bottom: -3px; left: -5px; width: 12px; height: 12px; border-radius: 50%; background: var(--ink); }
.track input { position: absolute; inset: 0 -8px; width: calc(100% + 16px); height: 48px; margin: 0; opacity: 0; cursor: ew-resize; }
.track:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.axis { display: flex; justify-content: space-between; font-size: 0.76rem; color: var(--soft); margin: 0.45rem 8px 0; font-variant-numeric: tabular-nums; }
.waiting { padding: 0.6rem 0; }
.events { margin-top: 1.2rem; }
.wide { overflow-x: auto; margin-top: 0.5rem; }
table { border-collapse: collapse; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
.events table { width: 100%; }
th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); font-size: 0.78rem; }
tbody tr { border-top: 1px solid var(--line); }
.events td:first-child { white-space: nowrap; text-align: right; color: var(--soft); }
.events td code { overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.number { text-align: right; white-space: nowrap; padding-right: 0; }

.compare { max-width: 84rem; }
.versus { width: 100%; margin-top: 1.2rem; table-layout: fixed; border-bottom: 1px solid var(--line); }
.versus tbody th { color: var(--soft); }
.versus thead a { font-family: var(--mono); }
.versus td, .versus th { overflow-wrap: anywhere; }
.versus thead td, .versus tbody th { width: 9rem; }
.versus tr:not(.equal) td:nth-child(n + 2) { font-weight: 600; }
.pair { display: grid; grid-template-columns: 9rem minmax(0, 1fr) minmax(0, 1fr); gap: 0; border-top: 1px solid var(--line); padding: 0.9rem 0; }
.pair .message { display: block; grid-column: auto; border: 0; padding: 0; content-visibility: visible; }
.pair > .side-of { padding-right: 1.5rem; min-width: 0; }
.pair .which { display: none; }
.pair > .message.role-only { padding: 0; }
.none { color: var(--soft); font-style: italic; }
mark { background: var(--mark); color: inherit; border-radius: 3px; }
.same { border-top: 1px solid var(--line); padding: 0.6rem 0; }
.same > summary { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.same > summary b { font-weight: 600; }
.same .message { border: 0; }
.differences { margin-top: 0.5rem; display: grid; gap: 0.3rem; overflow-wrap: anywhere; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.7rem; margin: 1.3rem 0 2rem; }
.tile { text-align: left; padding: 0.6rem 0.9rem 0.7rem; border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); }
.tile span { display: block; color: var(--soft); font-size: 0.82rem; }
.tile b { font-size: 1.35rem; font-weight: 620; letter-spacing: -0.01em; line-height: 1.25; }
.tile[aria-pressed="true"] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint); }
.tile[aria-pressed="true"] span { color: var(--ink); }
.charts { display: grid; gap: 2.4rem; }
.by-day figcaption, .bars caption { font-size: 0.93rem; font-weight: 600; color: var(--ink); text-align: left; margin-bottom: 0.7rem; }
.by-day .axis { margin-inline: 0; }
.by-day details { margin-top: 0.5rem; }
.columns { display: block; width: 100%; height: 11rem; border-bottom: 1px solid var(--edge); }
.plain { margin-top: 0.5rem; min-width: 16rem; }
.bars { width: 100%; }
.bars tbody th { width: 1%; max-width: 14rem; padding-right: 1.2rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.bars td { vertical-align: middle; }
.bars td.number { width: 1%; }
.bar { display: block; height: 0.8rem; border-radius: 3px; }
.s0 { fill: var(--s0); background: var(--s0); }
.s1 { fill: var(--s1); background: var(--s1); }
.s2 { fill: var(--s2); background: var(--s2); }
.s3 { fill: var(--s3); background: var(--s3); }
.s4 { fill: var(--s4); background: var(--s4); }
.s5 { fill: var(--s5); background: var(--s5); }
.miss { border-top: 1px solid var(--line); padding: 1.2rem 0; }
.sub + .miss { margin-top: 1.2rem; }
.miss h2 { text-transform: none; letter-spacing: 0; font-size: 0.95rem; color: var(--ink); margin: 0 0 0.3rem; overflow-wrap: anywhere; }
.miss .code { margin-top: 0.7rem; }

@media (max-width: 59.99em) {
  .entry { padding: 1.1rem 1rem 3rem; }
}
@media (max-width: 40em) {
  .message { grid-template-columns: minmax(0, 1fr); gap: 0.1rem; }
  .facts { gap: 0.7rem 1.6rem; }
  .pair { grid-template-columns: minmax(0, 1fr); gap: 0.4rem; }
  .pair > .side-of { padding: 0 0 0 0.9rem; border-left: 2px solid var(--line); }
  .pair .which { display: block; color: var(--soft); }
  .versus thead td, .versus tbody th { width: 6.5rem; }
  .controls .quiet { margin-left: 0; width: 100%; }
  .bars tr, .events tbody tr { display: grid; grid-template-columns: 1fr auto; }
  .bars tbody th { grid-column: 1 / -1; width: auto; max-width: none; padding-bottom: 0; }
  .bars td { align-self: center; }
  .events thead { display: none; }
  .events tbody tr { grid-template-columns: auto 1fr; }
  .events td:last-child { grid-column: 1 / -1; padding: 0 0 0.4rem; }
}
`;
