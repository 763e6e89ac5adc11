"""The look of the report: the product's tokens, light and dark by the system's setting."""

STYLE = """
:root { --ground: #fbfbfa; --raised: #ffffff; --ink: #1c1d1f; --soft: #5b6067; --line: #d9dbde;
  --s0: #0072b2; --s1: #d55e00; --s2: #007a5a; --s3: #a35a8c; --s4: #946300; --s5: #2b7fb0;
  --s6: #6b6b00; --s7: #44484d; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --raised: #1e2125; --ink: #eceef0;
  --soft: #a5abb3; --line: #363b42; --s0: #56b4e9; --s1: #ff8a3d; --s2: #2fc79a; --s3: #e3a0cc;
  --s4: #e69f00; --s5: #9ad0f0; --s6: #f0e442; --s7: #c9ced4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 860px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 4px; }
p { margin: 0 0 12px; max-width: 70ch; }
.lead, section > p { color: var(--soft); }
.note { border-left: 3px solid var(--s1); padding-left: 12px; }
section { background: var(--raised); border: 1px solid var(--line); border-radius: 8px;
  padding: 20px; margin: 24px 0; }
figure { margin: 0; }
figure > svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--line); stroke-width: 1; }
.level { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
text.level { stroke: none; }
.line { fill: none; stroke-width: 2.2; }
.bar { stroke-width: 3; opacity: .6; }
.band { opacity: .16; stroke: none; }
.quiet { stroke: var(--soft); stroke-width: 1.3; }
.c0 { stroke: var(--s0); } .c1 { stroke: var(--s1); } .c2 { stroke: var(--s2); }
.c3 { stroke: var(--s3); } .c4 { stroke: var(--s4); } .c5 { stroke: var(--s5); }
.c6 { stroke: var(--s6); } .c7 { stroke: var(--s7); }
.dot.c0, .band.c0 { fill: var(--s0); } .dot.c1, .band.c1 { fill: var(--s1); }
.dot.c2, .band.c2 { fill: var(--s2); } .dot.c3, .band.c3 { fill: var(--s3); }
.dot.c4, .band.c4 { fill: var(--s4); } .dot.c5, .band.c5 { fill: var(--s5); }
.dot.c6, .band.c6 { fill: var(--s6); } .dot.c7, .band.c7 { fill: var(--s7); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 0 0;
  padding: 0; font-size: 14px; }
.legend svg { width: 34px; height: 10px; margin-right: 8px; vertical-align: middle; }
details { margin-top: 12px; font-size: 14px; }
summary { cursor: pointer; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-size: 14px; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line);
  font-weight: 400; }
th[scope=row], th:first-child { text-align: left; }
thead th { color: var(--soft); }
"""
