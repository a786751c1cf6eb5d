import type { Method } from '../method.ts';
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

/** Every method, by the name recipes use. */
export const methods: Readonly<Record<string, Method>> = {
  sft,
  pretrain,
  distill,
  'reward-model': rewardModel,
  dpo,
  kto,
  orpo,
  simpo,
  ppo,
  grpo,
  rloo,
};
