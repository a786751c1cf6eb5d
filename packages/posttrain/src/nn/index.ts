/** Modules and the pieces that model families are made of. Synchronous, in this process. */
export { type AttentionContext, causalAttention, repeatHeads } from './attention.ts';
export { Embedding } from './embedding.ts';
export { KeyValueCache } from './key-value-cache.ts';
export { forwardOnly, Linear, project } from './linear.ts';
export { linearResidual, swigluLinearResidual } from './linear-residual.ts';
export { LoraAdapter } from './lora-adapter.ts';
export { Module, snakeCase } from './module.ts';
export { normLinear } from './norm-linear.ts';
export { PackedAttention } from './packed-attention.ts';
export { attendPart, joinPart, type PartialAttention } from './partial-attention.ts';
export { RmsNorm } from './rms-norm.ts';
export { applyRotary, inverseFrequencies, type Llama3Scaling, type RotaryTable, rotaryTable } from './rotary.ts';
export { type RotaryAttentionOptions, rotaryAttention } from './rotary-attention.ts';
export { roundRows } from './row-count.ts';
export { logpsOf, targetLogps } from './target-logps.ts';
export { TreeAttention, type TreeRun } from './tree-attention.ts';
