import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { manualSeed, noGrad } from '../tensor/index.ts';
import { type LoadedModel, type LoadOptions, openModel } from './load.ts';
import { isClassifier, type ModelConfig, tokenIdOf } from './model-folder.ts';
import { RewardModel } from './reward-model.ts';

export interface RewardLoadOptions extends LoadOptions {
  /**
   * The head of a model that has none yet: normal(0, initializer_range) drawn from `seed`, as transformers does, or zeros.
   * Without it a causal language model is refused. A head that is stored stays.
   */
  readonly freshHead?: 'random' | 'zero';
}

export type LoadedRewardModel = LoadedModel<RewardModel>;

/**
 * A reward model from a folder in transformers' form (`…ForSequenceClassification` with one label); or a causal language model,
 * whose projection to the vocabulary gives way to a fresh head.
 * @throws what `loadCausalLm` throws; model-invalid for a causal language model without `freshHead`; model-unsupported for several labels
 */
export function loadRewardModel(name: string, options: RewardLoadOptions = {}): LoadedRewardModel {
  const { freshHead } = options;
  let stored = false;
  let configToSave: ModelConfig = {};
  const loaded = openModel(name, options, {
    build: (family, config, folder) => {
      stored = isClassifier(config);
      if (stored) refuseSeveralLabels(config, folder);
      else if (!freshHead) throw noScoreHead(folder);
      configToSave = stored ? config : classifierConfig(config, folder);
      return new RewardModel(family.buildDecoder(config, join(folder, 'config.json')), padOf(configToSave));
    },
    fresh: (key) => !stored && key === 'score.weight',
    passOver: (key) => !stored && !key.startsWith('model.'),
    afterwards: (model) => {
      if (stored || options.init === 'random') return;
      manualSeed(Random.of(options.seed ?? 0, 'score-head').uint32());
      noGrad(() => model.score.weight.normal_(0, model.initializerRange));
    },
  });
  if (freshHead === 'zero' && !stored) loaded.model.zeroHead();
  // Of a stored head too: a run that goes on takes what is not trained from the base, whose config.json knows no such head.
  return { ...loaded, config: configToSave, configToSave };
}

/** config.json of the reward model that a causal language model becomes. */
function classifierConfig(config: ModelConfig, folder: string): ModelConfig {
  const [architecture] = (config['architectures'] as readonly string[] | undefined) ?? [];
  const type = String(config['model_type']);
  const prefix = architecture?.replace(/For\w+$/, '') ?? type[0]!.toUpperCase() + type.slice(1);
  return {
    ...config,
    architectures: [`${prefix}ForSequenceClassification`],
    num_labels: 1,
    id2label: { 0: 'LABEL_0' },
    label2id: { LABEL_0: 0 },
    // The beginning token never ends a row either, so that padded rows are read where they end.
    pad_token_id: padOf(config) ?? tokenIdOf(folder, 'pad_token') ?? config['bos_token_id'] ?? null,
  };
}

function padOf({ pad_token_id: pad }: ModelConfig): number | null {
  return typeof pad === 'number' && pad >= 0 ? pad : null;
}

/** transformers counts labels by their names, and takes two where config.json says nothing. */
function refuseSeveralLabels({ num_labels: count, id2label: names }: ModelConfig, folder: string): void {
  const labels =
    typeof count === 'number' ? count : Object.keys((names as object | null | undefined) ?? { 0: '', 1: '' }).length;
  if (labels === 1) return;
  throw new PosttrainError('model-unsupported', `the model tells ${labels} labels apart; a reward model has one.`, {
    place: { file: join(folder, 'config.json'), key: 'num_labels' },
    help: 'a reward model is trained with num_labels: 1.',
  });
}

function noScoreHead(folder: string): PosttrainError {
  return new PosttrainError('model-invalid', `${folder} holds a language model; it has no head that scores.`, {
    place: { file: join(folder, 'config.json'), key: 'architectures' },
    help: 'give a reward model, such as a checkpoint of method: reward-model; or put a fresh head on with freshHead.',
  });
}
