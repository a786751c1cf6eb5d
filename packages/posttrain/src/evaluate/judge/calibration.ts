import type { Message } from '../../data/types.ts';
import { type JudgeCalibration, judgeCalibration } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataRow, DataSource } from '../data-source.ts';
import type { Judge, JudgeCall } from './judge.ts';

/** A question that people have answered. */
export type LabelledItem =
  | { readonly kind: 'support'; readonly premise: string; readonly claim: string; readonly label: boolean }
  | {
      readonly kind: 'criterion';
      readonly conversation: readonly Message[];
      readonly criterion: string;
      readonly label: boolean;
    };

/**
 * Reads labelled items: rows of `premise`, `claim` and `supported`, or of `messages`, `criterion` and `met`.
 * @throws PosttrainError `data-invalid` naming the row
 */
export function readLabelledItems(path: string): LabelledItem[] {
  return new DataSource(path).rows().map((row, i) => labelledItem(row, path, i + 1));
}

function labelledItem(row: DataRow, file: string, line: number): LabelledItem {
  const { premise, claim, supported, messages, criterion, met } = row;
  if (typeof premise === 'string' && typeof claim === 'string' && typeof supported === 'boolean')
    return { kind: 'support', premise, claim, label: supported };
  if (Array.isArray(messages) && typeof criterion === 'string' && typeof met === 'boolean')
    return { kind: 'criterion', conversation: messages as Message[], criterion, label: met };
  throw new PosttrainError('data-invalid', `row ${line} has ${Object.keys(row).join(', ')}, and is no labelled item.`, {
    place: { file, line },
    help: 'a row has premise, claim and supported (true or false), or messages, criterion and met.',
  });
}

/** Holds a judge to what people say. Questions without a verdict count as missing, not as disagreement. */
export async function calibrateJudge(
  judge: Judge,
  items: readonly LabelledItem[],
  { signal, seed = 1 }: JudgeCall & { readonly seed?: number },
): Promise<JudgeCalibration> {
  const verdicts = await Promise.all(
    items.map(async (item) => {
      if (item.kind === 'support') {
        const judged = await judge.entails(item.premise, item.claim, { signal });
        return judged.status === 'judged' ? judged.value : null;
      }
      const rubric = [{ criterion: item.criterion, points: 1 }];
      const judged = await judge.grade(rubric, item.conversation, { signal });
      return judged.status === 'judged' ? judged.value[0]! : null;
    }),
  );
  const labels = items.map(({ label }) => label);
  return judgeCalibration(verdicts, labels, { seed, name: `judge ${judge.fingerprint}` });
}
