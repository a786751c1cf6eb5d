import { prepareRows } from '../data/index.ts';
import type { TokenRow } from '../data/types.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { filesOf, type RowHooks, rendererFor, type TrainingRows } from './training-rows.ts';

export interface Privilege {
  /** What the teacher reads in front of each prompt. */
  readonly text: string;
  /** Tokens that the teacher can see. */
  readonly context: number;
}

/**
 * Each row once more with a text in front of its prompt, for a teacher that knows more than the model that learns (context distillation;
 * Askell et al. 2021, arXiv:2112.00861). Targets are the same tokens in the same order.
 * @throws data-invalid where a row does not fit the teacher's context so, or its targets would be others
 */
export async function privilegedRows(
  recipe: ResolvedRecipe,
  modelFolder: string,
  hooks: RowHooks,
  rows: readonly TokenRow[],
  { text, context }: Privilege,
): Promise<NonNullable<TrainingRows['privileged']>> {
  const { renderer } = await rendererFor(recipe, modelFolder, hooks.now, text);
  const { validation } = recipe.data;
  const prepared = await prepareRows({
    sources: filesOf(recipe),
    renderer,
    maxTokens: Number.MAX_SAFE_INTEGER, // said below with the row's own place
    validation: validation === false ? undefined : validation,
    signal: hooks.signal,
    onProgress: hooks.onProgress,
  });
  const found = new Map<string, TokenRow>();
  for (const row of [...prepared.sources.flatMap((source) => source.rows), ...prepared.validation])
    found.set(targetsOf(row), row);
  return new Map(rows.map((row) => [row, fitting(row, found.get(targetsOf(row)), context)]));
}

/** The row that something came from, and its targets with their weights. */
function targetsOf({ origin, tokens, weights }: TokenRow): string {
  const targets = [...tokens].flatMap((token, t) => (t > 0 && weights[t] !== 0 ? [`${token}*${weights[t]}`] : []));
  return `${origin.file}:${origin.line}:${targets.join()}`;
}

function fitting({ origin }: TokenRow, told: TokenRow | undefined, context: number): TokenRow {
  if (told && told.tokens.length <= context) return told;
  const where = `${origin.file}:${origin.line} with distill.context in front of it`;
  const [what, help] = told
    ? [`has ${told.tokens.length} tokens, and the teacher can see ${context}`, 'shorten the text, or the row.']
    : [
        'has other targets',
        'overlong: drop keeps rows whole; train: assistant, or completion, learns what comes after the prompt.',
      ];
  throw new PosttrainError('data-invalid', `${where} ${what}.`, { place: { ...origin, key: 'distill.context' }, help });
}
