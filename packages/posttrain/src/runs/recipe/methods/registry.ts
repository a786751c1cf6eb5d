import { distill } from './distill.ts';
import { dpo } from './dpo.ts';
import { grpo } from './grpo.ts';
import { kto } from './kto.ts';
import { orpo } from './orpo.ts';
import { ppo } from './ppo.ts';
import { pretrain } from './pretrain.ts';
import { rewardModel } from './reward-model.ts';
import { rloo } from './rloo.ts';
import { sft } from './sft.ts';
import { simpo } from './simpo.ts';

/** Every method, in the order in which lists show them. A new one is its file and its line here. */
export const methods = [
  sft, //
  pretrain,
  distill,
  rewardModel,
  dpo,
  kto,
  orpo,
  simpo,
  ppo,
  grpo,
  rloo,
] as const;
