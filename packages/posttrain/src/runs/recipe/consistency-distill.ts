import type { RecipeIssue } from './issues.ts';
import type { RecipeInput, RecipeOutput } from './schema.ts';

type DistillRecipe = Extract<RecipeOutput, { method: 'distill' }>;

/** What contradicts itself in a recipe that learns from a teacher. */
export function distillIssues(written: RecipeInput, recipe: RecipeOutput): RecipeIssue[] {
  if (recipe.method !== 'distill') return [];
  return [
    ...teacherIssues(recipe),
    ...(recipe.distill.onPolicy > 0 ? drawnIssues(recipe) : givenIssues(written, recipe)),
  ];
}

function teacherIssues({ distill: { teacher, logits } }: DistillRecipe): RecipeIssue[] {
  if (teacher !== undefined || logits !== undefined) return [];
  const message = 'distill.teacher is missing: there is no model to learn from.';
  return [{ path: ['distill'], at: 'value', message, help: 'distill: { teacher: ./folder }.' }];
}

/** Of answers that the student draws. */
function drawnIssues({ distill, train, rollout, data }: DistillRecipe): RecipeIssue[] {
  const issues: RecipeIssue[] = [];
  const refuse = (path: RecipeIssue['path'], message: string, help: string) =>
    issues.push({ path, at: 'value', message, help });
  if (distill.logits !== undefined)
    refuse(
      ['distill', 'logits'],
      'distill.logits keeps what a teacher said of the rows, but with distill.onPolicy it is asked about answers that are not there yet.',
      'leave out logits, or onPolicy.',
    );
  if (distill.crossEntropy > 0)
    refuse(
      ['distill', 'crossEntropy'],
      `distill.crossEntropy is ${distill.crossEntropy}, but answers that the student draws are nothing to imitate.`,
      'leave out crossEntropy, or onPolicy.',
    );
  if (data.packing === true)
    refuse(
      ['data', 'packing'],
      'data.packing is true, but how long drawn answers become is not known when rows are packed.',
      'leave it out: rows of unequal length go through together without padding as they are.',
    );
  if (train === 'all')
    refuse(['train'], 'train: all has no prompt that the student could answer.', 'train: completion, or assistant.');
  if (distill.loss === 'reverse-kl-sampled' && (distill.temperature !== 1 || (rollout?.temperature ?? 1) !== 1))
    refuse(
      ['distill', 'loss'],
      'distill.loss reverse-kl-sampled is an estimate at temperature 1, and one of distill.temperature and rollout.temperature is another.',
      'leave both out; reverse-kl takes any.',
    );
  if (distill.loss === 'reverse-kl-sampled' && distill.onPolicy < 1) issues.push(sampledOf(distill.onPolicy));
  return issues;
}

function givenIssues(written: RecipeInput, { distill }: DistillRecipe): RecipeIssue[] {
  const issues: RecipeIssue[] = [];
  if ('rollout' in written && written.rollout !== undefined)
    issues.push({
      path: ['rollout'],
      at: 'key',
      message: 'rollout says how the student draws answers, but distill.onPolicy is 0: it draws none.',
      help: 'distill: { onPolicy: 0.5 } lets it draw those of every other step.',
    });
  if (distill.loss === 'reverse-kl-sampled') issues.push(sampledOf(0));
  return issues;
}

function sampledOf(share: number): RecipeIssue {
  return {
    path: ['distill', 'loss'],
    at: 'value',
    message: `distill.loss reverse-kl-sampled is an estimate over tokens that the student draws, and distill.onPolicy is ${share}.`,
    help: 'distill: { onPolicy: 1 }; reverse-kl needs no drawn tokens.',
  };
}
