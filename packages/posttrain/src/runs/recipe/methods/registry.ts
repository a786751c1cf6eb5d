import { pretrain } from './pretrain.ts';
import { sft } from './sft.ts';

/** Every method, in the order in which lists show them. A new one is its file and its line here. */
export const methods = [
  sft, //
  pretrain,
] as const;
