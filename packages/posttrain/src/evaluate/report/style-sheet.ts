/** Light and dark follow the reader's system. Every colour has at least 4.5 to 1 against its ground, and none carries meaning alone. */
export const styleSheet = `
:root{--ground:#fdfdfc;--card:#f3f4f2;--ink:#1d1f21;--quiet:#5b6066;--line:#d8dadd;--good:#116b3a;--bad:#a3221c;--same:#3d5a8a;--mark:#fff3d6;--correct:#2f7d4f;--incorrect:#b4443c;--abstained:#6c7fa6;--unparseable:#8a8f96}
@media (prefers-color-scheme:dark){:root{--ground:#17191b;--card:#202326;--ink:#e6e7e8;--quiet:#a3a9b0;--line:#3a3e43;--good:#6fd39b;--bad:#ff9089;--same:#9db8ea;--mark:#3a3115;--correct:#4fae79;--incorrect:#d9706a;--abstained:#8d9fc6;--unparseable:#8e949b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:80rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
ul{padding-left:1.2rem}
li{overflow-wrap:anywhere}
code{font-size:.9em}
a{color:inherit}
.facts,.quiet,.remark,.about,caption{color:var(--quiet)}
.quiet,.remark,.about{font-size:.85em}
.notice{background:var(--mark);padding:.5rem .75rem;border-radius:4px;font-weight:600}
.worse h2{margin-top:1.5rem}
.verdict{font-weight:600}
.improved,.passed,.fixed{color:var(--good)}
.regressed,.failed,.invalid,.not-run,.broken{color:var(--bad)}
.equivalent{color:var(--same)}
.inconclusive,.not-comparable,.underpowered,.unmeasured{color:var(--quiet)}
.glance{display:grid;grid-template-columns:repeat(4,1fr);gap:.6rem;list-style:none;padding:0;margin:0}
.glance li{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem;display:flex;flex-direction:column;font-size:.9em}
.glance a,.glance .unmeasured>span:first-child{font-weight:600;font-size:1.05em;color:var(--ink);text-decoration:none}
.glance a:hover{text-decoration:underline}
.glance .verdict{font-weight:400}
.glance .regressed,.glance .invalid,.glance .improved{font-weight:600}
.forest{margin:0 0 1.5rem}
.forest figcaption{font-weight:600;margin-bottom:.25rem}
.forest ol,.outcomes,.outcomes ul{list-style:none;margin:0;padding:0}
.forest li,.forest .ticks{display:grid;grid-template-columns:minmax(12rem,1.1fr) minmax(12rem,1.6fr) minmax(15rem,1.2fr);column-gap:1rem;align-items:center;min-height:1.9rem;border-bottom:1px solid var(--line)}
.forest .ticks{border:0;min-height:0}
.forest .ticks svg{grid-column:2}
.strip{display:block;width:100%;height:1.9rem;overflow:visible;color:var(--quiet)}
.ticks .strip{height:1rem}
.strip.improved{color:var(--good)}
.strip.regressed{color:var(--bad)}
.strip.equivalent{color:var(--same)}
.strip .grid{stroke:var(--line);stroke-dasharray:2 3}
.strip .zero{stroke:var(--ink)}
.strip .whisker{stroke:currentColor;stroke-width:2.5}
.strip circle{fill:currentColor}
.strip text{fill:var(--quiet);font:11px system-ui,sans-serif}
.strip .beyond{fill:currentColor;dominant-baseline:central}
.name{overflow-wrap:anywhere}
.change{font-variant-numeric:tabular-nums}
.change .inconclusive{font-weight:400}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.85em;padding-bottom:.35rem}
th,td{padding:.4rem .6rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child{text-align:left}
thead th{font-weight:600;font-size:.85em;vertical-align:bottom}
tbody th{font-weight:600}
.figures{table-layout:fixed;min-width:var(--width)}
.figures caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.figures th,.figures td{overflow-wrap:anywhere}
.about{font-weight:400;max-width:22rem}
.against{display:block;font-style:italic}
.task{color:var(--quiet);font-weight:400}
.figure,.interval{white-space:nowrap}
.figures .figure{font-size:1.05em}
.figures .interval{display:block}
.marked{background:var(--mark)}
.remark{min-width:8rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:.5rem 0}
.swatch{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}
.swatch.correct{background:var(--correct)}.swatch.incorrect{background:var(--incorrect)}.swatch.abstained{background:var(--abstained)}.swatch.unparseable{background:var(--unparseable)}
.outcomes>li{display:grid;grid-template-columns:minmax(10rem,1fr) 4fr;gap:0 1rem;border-bottom:1px solid var(--line);padding:.3rem 0}
.outcomes ul li{display:grid;grid-template-columns:minmax(6rem,10rem) 1fr 3.5rem;gap:.75rem;align-items:center}
.bar{width:100%;height:1.1rem;display:block}
.bar .correct{fill:var(--correct)}.bar .incorrect{fill:var(--incorrect)}.bar .abstained{fill:var(--abstained)}.bar .unparseable{fill:var(--unparseable)}
details{border:1px solid var(--line);border-radius:6px;padding:.4rem .75rem;margin:.5rem 0}
details details{border:0;padding:0}
summary{cursor:pointer;overflow-wrap:anywhere}
.item{border-top:1px solid var(--line);margin-top:.75rem}
.item p{margin:.5rem 0 .25rem}
.answers{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.15rem 0 .6rem;font-size:.85em;background:var(--card);padding:.4rem .6rem;border-radius:4px}
@media screen and (max-width:52rem){
main{padding:1.25rem .85rem 3rem}
.forest li{grid-template-columns:1fr;padding:.4rem 0;row-gap:.1rem}
.forest .ticks{grid-template-columns:1fr}
.forest .ticks svg{grid-column:1}
.strip{height:1.4rem}
.glance{grid-template-columns:1fr 1fr}
.outcomes>li{grid-template-columns:1fr}
.answers{grid-template-columns:1fr}
.figures,.figures tbody,.figures tr,.figures th,.figures td{display:block;width:100%;min-width:0}
.figures colgroup{display:none}
.figures thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.figures tr{border:1px solid var(--line);border-radius:6px;margin:0 0 .75rem;padding:.35rem .65rem}
.figures th,.figures td{border:0;padding:.2rem 0}
.figures td{display:grid;grid-template-columns:8.5rem 1fr;gap:0 .75rem;text-align:left}
.figures td::before{content:attr(data-label);color:var(--quiet);font-size:.85em;overflow-wrap:anywhere}
.figures td.marked{margin:0 -.65rem;padding:.2rem .65rem;width:auto}
.figures .about{max-width:none}
}
@media print{
:root{--ground:#fff;--card:#fff;--ink:#000;--quiet:#444;--line:#bbb;--mark:#fff3d6}
body{font-size:10pt}
main{max-width:none;padding:0}
svg,.marked,.notice,.swatch{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.scroll{overflow:visible}
table{font-size:8.5pt}
th,td{padding:.25rem .35rem}
.figures{min-width:0;table-layout:auto}
.figures td:last-child{white-space:nowrap}
.forest li,.forest .ticks{grid-template-columns:1.1fr 1.3fr 1.3fr}
h2,h3,figcaption,caption{break-after:avoid}
tr,li,.item,.forest li{break-inside:avoid}
details:not([open]){display:none}
}
`;
