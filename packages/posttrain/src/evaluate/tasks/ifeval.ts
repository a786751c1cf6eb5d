import { followsAll } from '../../scoring/ifeval/accuracy.ts';
import {
  type Followed,
  ifevalExactness,
  readInstructions,
  verifyInstructions,
} from '../../scoring/ifeval/instructions.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataRow, type DataSource, textOf, textsOf } from '../data-source.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly prompt: string;
  readonly instruction_id_list: readonly string[];
  readonly kwargs: readonly Readonly<Record<string, unknown>>[];
}

const exactness = [...ifevalExactness().values()];
const exact = `${exactness.filter((how) => how === 'exact').length} of ${exactness.length} verifiers exact`;

/** Zhou et al. 2023, arXiv:2311.07911; prompts and room of lm-evaluation-harness 0.4.13 `ifeval`. */
export const ifeval = defineTask({
  name: 'ifeval',
  version: 1,
  axis: 'intent',
  about: `Instructions that a program can verify (${exact}; rows that need another tool are left out of a figure).`,
  split: 'every row of the given file',
  docs: (source: DataSource): Doc[] => readRows(source, readDoc),
  request: ({ prompt }) => ({ kind: 'generate', prompt, maxTokens: 1280 }),
  metrics: {
    prompt_strict: share('prompts all of whose instructions are followed', { chance: 0 }),
    prompt_loose: share('the same, of the best of eight trimmed variants'),
    instruction_strict: { kind: 'ratio', about: 'instructions followed', higherIsBetter: true, unit: 'share' },
    instruction_loose: {
      kind: 'ratio',
      about: 'the same, of the best of eight trimmed variants',
      higherIsBetter: true,
      unit: 'share',
    },
  },
  score: (doc, { text }) => {
    const { ids, strict, loose } = verifyInstructions(readInstructions(doc), text);
    const all = followsAll(strict);
    const outcome = text.trim() === '' ? 'unparseable' : all ? 'correct' : 'incorrect';
    const broken = ids.filter((_, i) => strict[i] === false);
    return {
      values: {
        prompt_strict: asNumber(all),
        prompt_loose: asNumber(followsAll(loose)),
        instruction_strict: followed(strict),
        instruction_loose: followed(loose),
      },
      // What no verifier decides has no outcome.
      ...(all === null ? {} : { outcome }),
      target: ids.join(', '),
      ...(broken.length > 0 ? { why: `broken: ${broken.join(', ')}` } : {}),
    };
  },
});

/** Reads a row; its instructions are checked here, so that a wrong one is known before a model is asked. */
function readDoc(row: DataRow): Doc {
  const kwargs = row['kwargs'];
  if (!Array.isArray(kwargs) || !kwargs.every((one) => typeof one === 'object' && one !== null))
    throw new PosttrainError('data-invalid', '"kwargs" is no list of objects.');
  const doc = { prompt: textOf(row, 'prompt'), instruction_id_list: textsOf(row, 'instruction_id_list'), kwargs };
  readInstructions(doc);
  return doc;
}

const asNumber = (all: boolean | null) => (all === null ? null : Number(all));

function followed(results: Followed) {
  const decided = results.filter((one) => one !== null);
  if (decided.length === 0) return null;
  return { numerator: decided.filter(Boolean).length, denominator: decided.length };
}
