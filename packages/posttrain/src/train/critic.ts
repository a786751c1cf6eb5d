import type { TokenRow } from '../data/types.ts';
import type { LoadedRewardModel } from '../models/load-reward-model.ts';
import { restoreState } from './checkpoint-files.ts';
import type { Companion } from './learner.ts';
import { makeTrainable } from './make-trainable.ts';
import { makeOptimizer, type Optimizer } from './optimizers/index.ts';
import type { PreparedRun } from './prepared-run.ts';
import { tokenValues } from './row-logps.ts';
import type { Trainable } from './trainable.ts';

/** A value model as it is trained: weights, gradients, and an optimizer of its own. */
export class Critic implements Disposable {
  readonly loaded: LoadedRewardModel;
  readonly trainable: Trainable;
  readonly optimizer: Optimizer;
  readonly #recipe: PreparedRun['recipe'];
  readonly #method: PreparedRun['method'];

  constructor(
    loaded: LoadedRewardModel,
    { method, recipe, checkpoint }: Pick<PreparedRun, 'method' | 'recipe' | 'checkpoint'>,
  ) {
    this.loaded = loaded;
    this.#method = method;
    this.#recipe = recipe;
    this.trainable = makeTrainable(loaded.model, recipe.precision as 'fp32' | 'bf16');
    this.optimizer = makeOptimizer(this.trainable, recipe.optimizer);
    if (checkpoint) restoreState(checkpoint.path, this, 'critic');
  }

  /** @param factor of the schedule at each step */
  companion(factor: (step: number) => number): Companion {
    const { of, objective } = this.#method.critic!;
    const { lr } = of(this.#recipe);
    return {
      ...{ name: 'critic', model: this.loaded.model, trainable: this.trainable, optimizer: this.optimizer },
      objective: objective(this.#recipe),
      learningRate: (step) => lr * factor(step),
    };
  }

  /** What it expects before each target, in the unit of rewards. */
  valuesOf(rows: readonly TokenRow[]): Float32Array[] {
    return tokenValues(this.loaded.model, rows, this.#recipe.microBatch as number);
  }

  [Symbol.dispose](): void {
    this.optimizer[Symbol.dispose]();
    this.trainable[Symbol.dispose]();
  }
}
