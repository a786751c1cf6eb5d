import { readForgetting } from '../../runs/index.ts';
import type { Interval } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';

/** What a training run said about its own forgetting, as a scorecard shows it. */
export interface RunForgetting {
  readonly rows: readonly RunForgettingRow[];
  /** Why not everything was measured, or can be read; null where all was. */
  readonly why: string | null;
}

export interface RunForgettingRow {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  /** after − before. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  readonly unit: 'share' | 'number';
  readonly verdict: string | null;
}

/** A run folder's own report, or null where it has none. One that cannot be read says so, and stops no evaluation. */
export function forgettingOf(runFolder: string): RunForgetting | null {
  try {
    const report = readForgetting(runFolder);
    if (report === null) return null;
    const rows = [report.text, report.suite].filter((row) => row !== null);
    const why = report.status === 'begun' ? 'the run is not over: nothing was measured after it.' : report.why;
    return {
      why,
      rows: rows.map(({ name, before, after, difference, unit, verdict }) => ({
        ...{ name, before, after, unit, verdict },
        difference: difference?.value ?? null,
        interval: difference?.interval ?? null,
      })),
    };
  } catch (error) {
    if (!PosttrainError.is(error)) throw error;
    return { rows: [], why: error.message };
  }
}
