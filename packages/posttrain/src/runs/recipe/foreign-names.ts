/**
 * The names other trainers use for what a recipe says, as data: recipe errors and docs/from-trl.md are made from it.
 * HF is Hugging Face's TrainingArguments and TRL's configs (LLaMA-Factory takes most of them too).
 */

export type Peer = 'HF' | 'LLaMA-Factory' | 'Axolotl';

export interface ForeignName {
  readonly names: readonly string[];
  readonly peers: readonly Peer[];
  /** Our dotted key, or null where this package has no such key; `note` then says why or what serves instead. */
  readonly key: string | null;
  readonly note?: string;
  /** Our value for theirs, where it is not the same one; undefined when theirs is to be left out. `all` is the whole recipe as written. */
  readonly value?: (theirs: unknown, all: Readonly<Record<string, unknown>>) => unknown;
}

const all: readonly Peer[] = ['HF', 'LLaMA-Factory', 'Axolotl'];
const hf: readonly Peer[] = ['HF', 'LLaMA-Factory'];
const factory: readonly Peer[] = ['LLaMA-Factory'];
const axolotl: readonly Peer[] = ['Axolotl'];

/** TRL's own per-device batch size when a config does not set it. */
const standardBatch = 8;

export const batchNames: readonly string[] = ['per_device_train_batch_size', 'micro_batch_size'];

/** Their two or three numbers for one optimizer step, and ours. */
export function batchArithmetic(all: Readonly<Record<string, unknown>>): {
  batch: number;
  microBatch: number;
  words: string;
} {
  const name = batchNames.find((candidate) => typeof all[candidate] === 'number');
  const perDevice = name === undefined ? standardBatch : Number(all[name]);
  const written = all['gradient_accumulation_steps'];
  const accumulation = typeof written === 'number' ? written : 1;
  const first =
    name === undefined ? `per_device_train_batch_size ${standardBatch} (its default)` : `${name} ${perDevice}`;
  const second = `gradient_accumulation_steps ${accumulation}${typeof written === 'number' ? '' : ' (its default)'}`;
  return { batch: perDevice * accumulation, microBatch: perDevice, words: `${first} × ${second}` };
}

function schedulerKind(theirs: unknown): unknown {
  if (theirs === 'constant_with_warmup') return 'constant';
  if (theirs === 'cosine_with_min_lr') return 'cosine';
  return theirs === 'linear' || theirs === 'constant' || theirs === 'cosine' ? theirs : undefined;
}

function optimizerKind(theirs: unknown): unknown {
  if (typeof theirs !== 'string') return undefined;
  if (theirs.startsWith('adamw')) return 'adamw';
  return theirs === 'muon' ? 'muon' : undefined;
}

/** LLaMA-Factory writes a list with commas. */
function targetNames(theirs: unknown): unknown {
  if (Array.isArray(theirs)) return theirs;
  if (typeof theirs !== 'string') return undefined;
  return /^[\w, ]+$/.test(theirs) ? theirs.split(',').map((name) => name.trim()) : theirs;
}

const positive = (theirs: unknown): unknown => (typeof theirs === 'number' && theirs > 0 ? theirs : undefined);
const steps = (theirs: unknown): unknown => (typeof theirs === 'number' && theirs >= 1 ? theirs : undefined);

export const foreignNames: readonly ForeignName[] = [
  { names: ['model_name_or_path', 'base_model', 'model_id'], peers: all, key: 'model' },
  {
    names: ['stage', 'rl'],
    peers: ['LLaMA-Factory', 'Axolotl'],
    key: 'method',
    value: (s) => (s === 'pt' ? 'pretrain' : s === 'sft' ? 'sft' : undefined),
  },
  {
    names: ['dataset', 'datasets', 'dataset_name', 'train_file'],
    peers: all,
    key: 'data.train',
    note: 'Ours is a file, or a list of { path, weight }.',
    value: (d) => (typeof d === 'string' && /[./]/.test(d) ? d : undefined),
  },
  {
    names: ['pretraining_dataset'],
    peers: axolotl,
    key: 'data.train',
    note: 'With method: pretrain.',
    value: (d) => (typeof d === 'string' ? d : undefined),
  },
  {
    names: ['val_size', 'val_set_size', 'test_size'],
    peers: ['LLaMA-Factory', 'Axolotl'],
    key: 'data.validation',
    note: 'A share; a number of rows is not taken.',
    value: (v) => (typeof v === 'number' && v > 0 && v < 1 ? v : undefined),
  },
  {
    names: ['eval_dataset', 'test_datasets', 'validation_file'],
    peers: all,
    key: 'data.validation',
    value: (d) => (typeof d === 'string' ? d : undefined),
  },
  {
    names: ['max_length', 'max_seq_length', 'cutoff_len', 'sequence_len', 'block_size', 'model_max_length'],
    peers: all,
    key: 'data.maxTokens',
    note: 'Theirs cuts longer rows in silence; ours stops unless data.overlong says otherwise.',
  },
  {
    names: ['truncation_mode'],
    peers: ['HF'],
    key: 'data.overlong',
    value: (m) => (m === 'keep_start' ? 'truncateEnd' : m === 'keep_end' ? 'truncateStart' : undefined),
  },
  {
    names: ['sample_packing', 'packing_strategy', 'padding_free', 'neat_packing'],
    peers: all,
    key: 'data.packing',
    value: (p) => typeof p !== 'boolean' || p,
  },
  { names: ['shuffle_dataset', 'shuffle_merged_datasets'], peers: ['HF', 'Axolotl'], key: 'data.shuffle' },
  {
    names: ['chat_template', 'chat_template_path', 'chat_template_jinja'],
    peers: all,
    key: 'data.template',
    note: 'A .jinja file; without it the model’s own template is used.',
    value: (t) => (typeof t === 'string' && t.endsWith('.jinja') ? t : undefined),
  },
  {
    names: ['assistant_only_loss'],
    peers: ['HF'],
    key: 'train',
    note: 'The default of sft; needs no {% generation %} tags.',
    value: (v) => (v === true ? 'assistant' : 'all'),
  },
  { names: ['completion_only_loss'], peers: ['HF'], key: 'train', value: (v) => (v === true ? 'completion' : 'all') },
  {
    names: ['train_on_prompt', 'train_on_inputs'],
    peers: ['LLaMA-Factory', 'Axolotl'],
    key: 'train',
    value: (v) => (v === true ? 'all' : 'assistant'),
  },
  {
    names: [...batchNames, 'gradient_accumulation_steps'],
    peers: all,
    key: 'batch',
    note: 'batch = per device × accumulation × devices: the sequences of one optimizer step. microBatch = per device; it changes memory and speed, not results.',
    value: (_, recipe) => batchArithmetic(recipe).batch,
  },
  { names: ['optim', 'optimizer_type'], peers: all, key: 'optimizer', value: optimizerKind },
  { names: ['weight_decay'], peers: all, key: 'optimizer.weightDecay', note: 'Norms and biases are exempt in both.' },
  {
    names: ['adam_beta1', 'adam_beta2'],
    peers: all,
    key: 'optimizer.betas',
    note: 'Both in one list.',
    value: (_, recipe) => [recipe['adam_beta1'] ?? 0.9, recipe['adam_beta2'] ?? 0.999],
  },
  { names: ['adam_epsilon'], peers: all, key: 'optimizer.eps' },
  { names: ['learning_rate'], peers: all, key: 'lr' },
  {
    names: ['lr_scheduler_type', 'lr_scheduler'],
    peers: all,
    key: 'schedule.kind',
    note: 'Their default is linear without warmup; ours cosine with 3 % warmup.',
    value: schedulerKind,
  },
  { names: ['warmup_ratio'], peers: all, key: 'schedule.warmup', note: 'A share below 1.' },
  {
    names: ['warmup_steps'],
    peers: all,
    key: 'schedule.warmup',
    note: 'A whole number of steps; below 1 it is a share in both.',
  },
  { names: ['cosine_min_lr_ratio', 'min_lr_rate'], peers: ['HF', 'Axolotl'], key: 'schedule.floor' },
  { names: ['max_steps'], peers: all, key: 'steps', note: 'Leave it out where it is -1.', value: positive },
  {
    names: ['num_train_epochs', 'num_epochs'],
    peers: all,
    key: 'epochs',
    note: 'Their default is 3, ours 1. Give epochs or steps, not both.',
    value: positive,
  },
  {
    names: ['max_grad_norm'],
    peers: all,
    key: 'clip',
    note: 'Theirs switches it off with 0, ours with false.',
    value: (v) => (v === 0 ? false : v),
  },
  {
    names: ['bf16', 'pure_bf16'],
    peers: all,
    key: 'precision',
    note: 'Weights and optimizer state stay fp32.',
    value: (v) => (v === false ? 'fp32' : 'bf16'),
  },
  {
    names: ['fp16', 'tf32'],
    peers: all,
    key: 'precision',
    note: 'fp16 and tf32 are not offered; take bf16 or fp32.',
    value: () => undefined,
  },
  {
    names: ['gradient_checkpointing', 'activation_checkpointing', 'gradient_checkpointing_kwargs'],
    peers: all,
    key: 'recompute',
    value: (v) => (typeof v === 'boolean' ? v : true),
  },
  {
    names: ['eval_steps', 'evals_per_epoch'],
    peers: all,
    key: 'every.evaluate',
    note: 'In optimizer steps.',
    value: steps,
  },
  {
    names: ['eval_strategy', 'evaluation_strategy', 'do_eval'],
    peers: hf,
    key: 'every.evaluate',
    note: 'false for no evaluation before the end.',
    value: (v) => (v === 'no' || v === false ? false : undefined),
  },
  {
    names: ['save_steps', 'saves_per_epoch'],
    peers: all,
    key: 'every.checkpoint',
    note: 'In optimizer steps.',
    value: steps,
  },
  {
    names: ['save_strategy'],
    peers: all,
    key: 'every.checkpoint',
    note: 'false for no checkpoint before the end.',
    value: (v) => (v === 'no' ? false : undefined),
  },
  { names: ['save_total_limit'], peers: all, key: 'every.keep' },
  { names: ['data_seed'], peers: all, key: 'seed', note: 'One seed serves every random choice.' },
  {
    names: ['output_dir', 'run_name', 'overwrite_output_dir'],
    peers: all,
    key: null,
    note: 'The run folder is not part of the recipe: train --dir runs/NAME, or train(recipe, { dir }).',
  },
  {
    names: ['resume_from_checkpoint', 'auto_resume_from_checkpoints'],
    peers: all,
    key: null,
    note: 'Resuming is not part of the recipe: train --resume runs/NAME.',
  },
  {
    names: ['report_to', 'logging_steps', 'logging_strategy', 'logging_dir', 'wandb_project', 'plot_loss'],
    peers: all,
    key: null,
    note: 'Every step is written to metrics.jsonl of the run folder.',
  },
  {
    names: ['per_device_eval_batch_size', 'eval_batch_size', 'eval_accumulation_steps'],
    peers: all,
    key: null,
    note: 'Evaluation uses microBatch.',
  },
  {
    names: ['dataset_text_field', 'field_messages', 'dataset_dir'],
    peers: all,
    key: null,
    note: 'The format of a row is read from its keys: messages, prompt and completion, instruction and output, or text.',
  },
  {
    names: [
      'dataloader_num_workers',
      'dataset_num_proc',
      'preprocessing_num_workers',
      'remove_unused_columns',
      'dataloader_drop_last',
      'group_by_length',
    ],
    peers: all,
    key: null,
    note: 'Rows are prepared by the engine itself; nothing is to be set.',
  },
  {
    names: [
      'attn_implementation',
      'flash_attn',
      'flash_attention',
      'use_liger_kernel',
      'torch_compile',
      'torch_dtype',
      'dtype',
      'use_cache',
    ],
    peers: all,
    key: null,
    note: 'Kernels are chosen by the engine; nothing is to be set.',
  },
  {
    names: ['deepspeed', 'fsdp', 'fsdp_config', 'ddp_find_unused_parameters', 'ddp_timeout'],
    peers: all,
    key: null,
    note: 'This version trains on one device.',
  },
  {
    names: ['finetuning_type', 'adapter', 'use_peft'],
    peers: all,
    key: 'lora',
    note: 'Its presence is the switch, as in lora: { rank: 16 }; without it all weights are trained.',
    value: () => undefined,
  },
  {
    names: ['r', 'lora_r', 'lora_rank'],
    peers: all,
    key: 'lora.rank',
    note: 'Their default is 8, LLaMA-Factory’s too; ours 16.',
  },
  {
    names: ['lora_alpha'],
    peers: all,
    key: 'lora.alpha',
    note: 'The scale is alpha / rank in both. Our default is twice the rank.',
  },
  {
    names: ['target_modules', 'lora_target_modules', 'lora_target', 'lora_target_linear'],
    peers: all,
    key: 'lora.targets',
    note: 'Ends of names, all-linear, or a regular expression, as PEFT matches them.',
    value: (t) => (t === 'all' || t === true ? 'all-linear' : targetNames(t)),
  },
  { names: ['lora_dropout'], peers: all, key: 'lora.dropout', note: 'Our default is 0.' },
  { names: ['use_rslora', 'peft_use_rslora'], peers: all, key: 'lora.rankStabilized' },
  {
    names: [
      'load_in_4bit',
      'load_in_8bit',
      'quantization_bit',
      'use_dora',
      'peft_use_dora',
      'modules_to_save',
      'lora_modules_to_save',
    ],
    peers: all,
    key: null,
    note: 'Not offered: adapters are LoRA’s beside a base in fp32 or bf16.',
  },
  { names: ['teacher_model_name_or_path', 'teacher_model'], peers: ['HF'], key: 'distill.teacher' },
  {
    names: ['lmbda', 'seq_kd'],
    peers: ['HF'],
    key: null,
    note: 'Distillation is on the rows as they are, GKD at lmbda 0; texts of the teacher are made with posttrain generate.',
  },
  {
    names: ['num_generations'],
    peers: ['HF'],
    key: 'grpo.group',
    note: 'Or rloo.group. batch counts answers in both.',
  },
  {
    names: ['max_completion_length', 'response_length'],
    peers: ['HF'],
    key: 'rollout.maxTokens',
    note: 'data.maxTokens holds prompt and answer together.',
  },
  {
    names: ['num_iterations', 'num_ppo_epochs'],
    peers: ['HF'],
    key: 'grpo.passes',
    note: 'How often an answer is learnt from. Or rloo.passes, ppo.passes.',
  },
  {
    names: ['steps_per_generation', 'num_mini_batches'],
    peers: ['HF'],
    key: 'grpo.minibatches',
    note: 'Optimizer steps on one set of answers, not micro-batches. Or rloo.minibatches, ppo.minibatches.',
    value: () => undefined,
  },
  {
    names: ['epsilon', 'cliprange'],
    peers: ['HF'],
    key: 'grpo.clipLow',
    note: 'With clipHigh, whose default is the same .2.',
  },
  {
    names: ['epsilon_high'],
    peers: ['HF'],
    key: 'grpo.clipHigh',
    note: 'Under CISPO theirs is the largest weight itself, ours what it is beyond 1.',
    value: (high, recipe) => (typeof high === 'number' && recipe['loss_type'] === 'cispo' ? high - 1 : high),
  },
  {
    names: ['loss_type'],
    peers: ['HF'],
    key: 'grpo.loss',
    note: 'grpo is sequence, dapo (their default) token, dr_grpo constant; cispo is surrogate: cispo with loss: token. For dpo: dpo.loss.',
    value: (t) => ({ grpo: 'sequence', dapo: 'token', dr_grpo: 'constant' })[String(t)],
  },
  {
    names: ['scale_rewards'],
    peers: ['HF'],
    key: 'grpo.scale',
    value: (s) => (s === false ? 'none' : s === true ? 'group' : s),
  },
  {
    names: ['importance_sampling_level'],
    peers: ['HF'],
    key: 'grpo.ratio',
    value: (level) => (level === 'sequence' || level === 'token' ? level : undefined),
  },
  {
    names: ['mask_truncated_completions'],
    peers: ['HF'],
    key: 'grpo.maskTruncated',
    note: 'Or rloo.maskTruncated, ppo.maskTruncated. Masked answers do not count in the mean here; in TRL they do.',
  },
  {
    names: ['kl_coef', 'init_kl_coef'],
    peers: ['HF'],
    key: 'grpo.beta',
    note: 'Or rloo.beta, ppo.beta. Their beta of GRPO is k3 in the loss: grpo.compat: grpo-paper; ours has the gradient of the reverse divergence.',
  },
  {
    names: ['entropy_coef'],
    peers: ['HF'],
    key: 'grpo.entropy',
    note: 'Or rloo.entropy, ppo.entropy: of the whole distribution.',
  },
  { names: ['lam'], peers: ['HF'], key: 'ppo.lambda' },
  { names: ['cliprange_value'], peers: ['HF'], key: 'ppo.clipValue' },
  {
    names: ['missing_eos_penalty'],
    peers: ['HF'],
    key: 'ppo.truncatedPenalty',
    note: 'Or grpo.truncatedPenalty, rloo.truncatedPenalty.',
  },
  {
    names: ['vf_coef'],
    peers: ['HF'],
    key: null,
    note: 'The critic is a network of its own with an optimizer of its own: its rate is ppo.criticLr.',
  },
  { names: ['whiten_rewards'], peers: ['HF'], key: null, note: 'Rewards keep their unit; advantages are whitened.' },
  {
    names: ['reward_funcs', 'reward_model_path'],
    peers: ['HF'],
    key: 'rewards',
    note: 'A list of { use: ./rewards.ts#name, weight }.',
    value: () => undefined,
  },
  { names: ['reward_weights'], peers: ['HF'], key: 'rewards', note: 'weight of each entry.', value: () => undefined },
  {
    names: ['top_p', 'topP', 'top_k', 'topK', 'min_p', 'minP', 'repetition_penalty', 'generation_kwargs'],
    peers: ['HF'],
    key: null,
    note: 'Answers are drawn from the whole distribution: a filter would give the trainer other probabilities than the sampler had.',
  },
  {
    names: ['use_vllm', 'vllm_mode', 'vllm_gpu_memory_utilization', 'ds3_gather_for_generation'],
    peers: ['HF'],
    key: null,
    note: 'Answers are drawn from the weights that are trained, in the same engine.',
  },
  { names: ['neftune_noise_alpha', 'label_smoothing_factor'], peers: all, key: null, note: 'Not offered.' },
  {
    names: ['push_to_hub', 'hub_model_id', 'trust_remote_code', 'do_train', 'do_predict'],
    peers: all,
    key: null,
    note: 'Not offered: leave it out.',
  },
  {
    names: ['max_samples', 'max_train_samples'],
    peers: factory,
    key: null,
    note: 'Cut the file, or limit the run by steps.',
  },
];
