import { isDeepStrictEqual } from 'node:util';
import type { CausalLm } from '../../models/causal-lm.ts';
import {
  type ForgettingRecord,
  type ForgettingReport,
  type RunFolder,
  readForgetting,
  reportOf,
} from '../../runs/index.ts';
import type { ForgettingData } from './encode.ts';
import { type MeasureHooks, type Measurement, measure } from './measure.ts';
import type { ForgettingPlan } from './plan.ts';
import { forgettingRecord } from './report.ts';

export interface MeterSetup {
  readonly model: CausalLm;
  readonly data: ForgettingData;
  readonly plan: ForgettingPlan;
  readonly precision: 'fp32' | 'bf16';
  readonly folder: RunFolder;
}

/**
 * Measures one run before its first and after its last step. What it finds before is kept in forgetting.json, so that a run
 * that is resumed is compared with the model it began with, and not measured again.
 */
export class ForgettingMeter {
  readonly #setup: MeterSetup;
  readonly #hooks: MeasureHooks;
  #before: Measurement | undefined;
  /** Set where there is nothing to measure. */
  #unmeasured: ForgettingReport | undefined;

  constructor(setup: MeterSetup, hooks: MeasureHooks) {
    this.#setup = setup;
    this.#hooks = hooks;
  }

  /**
   * Comes before the first step, and before a resumed one.
   * @returns the report where it is known now that nothing will be measured
   */
  async before(fromStep: number): Promise<ForgettingReport | undefined> {
    const { folder, model, plan } = this.#setup;
    const stored = readForgetting(folder.dir);
    if (plan.status !== 'measured') return this.#leaveOut(plan);
    const known = stored === null ? undefined : this.#knownFrom(stored);
    if (known !== undefined) this.#before = known;
    else if (fromStep > 0) {
      const why =
        stored === null
          ? 'it was not measured before the first step.'
          : 'what was measured before the first step is not what would be measured now: the files have changed.';
      return this.#leaveOut({ ...plan, status: 'skipped', why, windows: [], items: [] });
    } else {
      this.#before = await measure(model, plan, this.#hooks);
      if (this.#before !== undefined) folder.writeForgetting(this.#record(plan, this.#before, null));
    }
    return undefined;
  }

  /** Comes after the last step. @returns undefined when a stop was requested; the run can be resumed to be measured */
  async after(): Promise<ForgettingReport | undefined> {
    if (this.#unmeasured !== undefined) return this.#unmeasured;
    const { folder, model, plan } = this.#setup;
    const after = this.#before && (await measure(model, plan, this.#hooks));
    if (after === undefined) return undefined;
    const record = this.#record(plan, this.#before!, after);
    folder.writeForgetting(record);
    return reportOf(record);
  }

  #leaveOut(plan: ForgettingPlan): ForgettingReport {
    const record = this.#record(plan, null, null);
    this.#setup.folder.writeForgetting(record);
    this.#unmeasured = reportOf(record);
    return this.#unmeasured;
  }

  #record(plan: ForgettingPlan, before: Measurement | null, after: Measurement | null): ForgettingRecord {
    const { data, precision } = this.#setup;
    return forgettingRecord({ data, plan, precision, before, after });
  }

  /** The first measurement of a record, if it is one of the same windows and questions of the same files. */
  #knownFrom({ text, suite, measured }: ForgettingRecord): Measurement | undefined {
    const { data, plan } = this.#setup;
    const same =
      isDeepStrictEqual(text?.sha256, plan.windows.length > 0 ? data.text?.sha256 : undefined) &&
      isDeepStrictEqual(suite?.sha256, plan.items.length > 0 ? data.suite?.sha256 : undefined) &&
      isDeepStrictEqual(
        measured.text?.bytes ?? [],
        plan.windows.map(({ bytes }) => bytes),
      ) &&
      isDeepStrictEqual(
        measured.suite?.lines ?? [],
        plan.items.map(({ line }) => line),
      );
    if (!same) return undefined;
    return { text: measured.text?.before ?? [], suite: measured.suite?.before ?? { right: [], logp: [] } };
  }
}
