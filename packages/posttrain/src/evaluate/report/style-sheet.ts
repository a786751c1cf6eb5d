/** Light and dark follow the reader's system. Every colour has at least 4.5 to 1 against its ground, and none carries meaning alone. */
export const styleSheet = `
:root{--ground:#fdfdfc;--ink:#1d1f21;--quiet:#5b6066;--line:#d8dadd;--good:#116b3a;--bad:#a3221c;--same:#3d5a8a;--mark:#fff3d6;--correct:#2f7d4f;--incorrect:#b4443c;--abstained:#6c7fa6;--unparseable:#8a8f96}
@media (prefers-color-scheme:dark){:root{--ground:#17191b;--ink:#e6e7e8;--quiet:#a3a9b0;--line:#3a3e43;--good:#6fd39b;--bad:#ff9089;--same:#9db8ea;--mark:#3a3115;--correct:#4fae79;--incorrect:#d9706a;--abstained:#8d9fc6;--unparseable:#8e949b}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:78rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
.facts,.quiet,.remark,caption{color:var(--quiet)}
.quiet,.remark{font-size:.85em}
.notice{background:var(--mark);padding:.5rem .75rem;border-radius:4px;font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.85em;padding-bottom:.35rem}
th,td{padding:.35rem .6rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
th:first-child{text-align:left}
section>.scroll td:nth-child(2){text-align:left}
thead th{font-weight:600;font-size:.85em}
.marked{background:var(--mark)}
.remark{white-space:normal;min-width:9rem}
.verdict{font-weight:600}
.improved,.passed{color:var(--good)}
.regressed,.failed,.invalid{color:var(--bad)}
.equivalent{color:var(--same)}
.inconclusive,.not-comparable,.underpowered{color:var(--quiet)}
a{color:inherit}
svg{max-width:100%;height:auto;display:block}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}
svg .quiet{fill:var(--quiet)}
.legend{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;padding:0;margin:.5rem 0}
.legend span{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}
details{border:1px solid var(--line);border-radius:4px;padding:.4rem .75rem;margin:.5rem 0}
summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.15rem 0 .6rem;font-size:.85em}
@media print{details{border:0}}
`;
