import { formatCount, formatNumber } from '../support/terminal/format.ts';
import { progressBar } from '../support/terminal/status-line.ts';
import type { Output } from './output.ts';

/** A live bar over items that take about the same time each: call it with how many are done. */
export function itemProgress(total: number, noun: string, output: Output): (done: number) => void {
  const startedAt = performance.now();
  return (done) => {
    const each = (performance.now() - startedAt) / done / 1000;
    output.progress(
      () =>
        `${progressBar(done / total, 24, output.noteColours)} ${formatCount(done)} of ${formatCount(total)} ${noun} · ${formatNumber(each * (total - done))} s left`,
    );
  };
}
