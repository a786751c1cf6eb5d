import type { PreparedStudy } from './plan.ts';
import type { StudyFolder } from './study-folder.ts';
import type { Workbench } from './workbench.ts';

/** What every part of a running study needs. */
export interface StudySetting {
  readonly prepared: PreparedStudy;
  readonly folder: StudyFolder;
  readonly bench: Workbench;
  readonly signal: AbortSignal;
}
