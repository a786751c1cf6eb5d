import type { ModelDimensions } from '../models/causal-lm.ts';
import { kernelOn } from '../native/kernel-switch.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { chunkRows } from './target-quantities.ts';

/** Bytes that a run holds at its fullest, by arithmetic. */
export interface MemoryPlan {
  /** Weights, their gradients, what the optimizer keeps, and other models that stay beside. */
  readonly states: number;
  /** What one micro-batch keeps until its gradients are known. */
  readonly activations: number;
}

/** What the plan is made from beside the recipe. */
export interface PlannedModel {
  readonly dimensions: ModelDimensions;
  /** Numbers that are trained; undefined: all of the model's. */
  readonly trained?: number | undefined;
  /** Those of a teacher that stays in memory. */
  readonly teacher?: ModelDimensions | undefined;
  /** Those of a critic, all of whose numbers are trained. */
  readonly critic?: ModelDimensions | undefined;
}

/** What is known of the recipe's `auto`s. */
type PlannedRecipe = Pick<
  ResolvedRecipe,
  'method' | 'batch' | 'lora' | 'optimizer' | 'recompute' | 'grpo' | 'rloo' | 'ppo' | 'distill'
>;

export interface PlannedPass {
  readonly precision: 'fp32' | 'bf16';
  /** Packs of one pass. */
  readonly microBatch: number;
  /** Tokens of the longest pack. */
  readonly longestPack: number;
}

/** Rows of logits that a comparison with a teacher holds at once, and how many matrices of that size it makes (logit-head.ts). */
const [teacherRows, teacherMatrices] = [512, 6];
/** What libtorch's operators keep where no kernel fits, measured: times what the fused nodes keep, and matrices of logits. */
const [plainFactor, plainLogitMatrices] = [2.8, 4];

/**
 * Every term is a tensor that the run makes: masters, copies, gradients and the optimizer's means by the number of weights; activations by what
 * the fused nodes keep for each token, one block's gradients, and one chunk of logits. Not counted is what the drawing of answers takes for a
 * while: their keys and values, and in on-policy distillation the copy that they are drawn from.
 */
export function planMemory(recipe: PlannedRecipe, model: PlannedModel, pass: PlannedPass): MemoryPlan {
  return { states: stateBytes(recipe, model, pass), activations: activationBytes(recipe, model, pass) };
}

function stateBytes(
  recipe: PlannedRecipe,
  { dimensions, trained, teacher, critic }: PlannedModel,
  pass: PlannedPass,
): number {
  const { parameters } = dimensions;
  const learnt = trained ?? parameters;
  const short = pass.precision === 'bf16';
  const width = short ? 2 : 4;
  const all = learnt + (critic?.parameters ?? 0);
  return (
    (parameters - learnt) * width +
    all * trainedBytes(recipe, pass) +
    besideBytes(recipe, dimensions, width, short) +
    (teacher?.parameters ?? 0) * width
  );
}

/** Of each number that is trained: master and copy, gradients, the optimizer's means. */
function trainedBytes({ batch, optimizer }: PlannedRecipe, { precision, microBatch }: PlannedPass): number {
  const short = precision === 'bf16';
  // In bf16 gradients come short, and are added up in float32 where there are several.
  const gradients = short ? 2 + (microBatch < batch ? 4 : 0) : 4;
  return (short ? 4 + 2 : 4) + gradients + (optimizer.kind === 'muon' ? 4 : 8);
}

/** The copy that answers are drawn from, and the model before the run where the loss asks it at every step. */
function besideBytes(recipe: PlannedRecipe, { parameters }: ModelDimensions, width: number, short: boolean): number {
  const keys = recipe.grpo ?? recipe.rloo ?? recipe.ppo;
  if (!keys) return 0;
  const before = keys.beta > 0 && !recipe.lora ? parameters * (short ? 4 + 2 : 4) : 0;
  return parameters * width + before;
}

function activationBytes(recipe: PlannedRecipe, { dimensions }: PlannedModel, pass: PlannedPass): number {
  const tokens = pass.microBatch * pass.longestPack;
  const width = pass.precision === 'bf16' ? 2 : 4;
  const fused = kernelOn('norm-linear') && !dimensions.biased;
  const block = keptPerToken(dimensions, width) * (fused ? 1 : plainFactor);
  const kept = recipe.recompute ? 4 * dimensions.width * dimensions.layers : block * dimensions.layers;
  // The logits are gone when the gradient of the last block is due.
  const passing = tokens * ((recipe.recompute ? block : 0) + passingPerToken(dimensions, width));
  return tokens * kept + Math.max(passing, logitBytes(recipe, dimensions.vocabulary, tokens, width));
}

function logitBytes({ method, distill }: PlannedRecipe, vocabulary: number, tokens: number, width: number): number {
  if (method === 'reward-model') return 0;
  if (distill) return Math.min(teacherRows, tokens) * vocabulary * 4 * teacherMatrices;
  return Math.min(chunkRows, tokens) * vocabulary * (kernelOn('loss') ? width : 4 * plainLogitMatrices);
}

/** Of each block: two normed rows, queries, keys and values, their mix, gates and ups; softmax totals and scales. */
function keptPerToken({ width, heads, kvHeads, headWidth, inner }: ModelDimensions, bytes: number): number {
  return bytes * (2 * width + (2 * heads + 2 * kvHeads) * headWidth + 2 * inner) + 4 * (heads + 2);
}

/** Gradients of one block, the residual stream and its gradient, the final states and theirs. */
function passingPerToken({ width, heads, kvHeads, headWidth, inner }: ModelDimensions, bytes: number): number {
  return bytes * (3 * inner + (heads + 2 * kvHeads) * headWidth + 2 * width) + 4 * 6 * width;
}
