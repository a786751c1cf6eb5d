import type { Method } from '../method.ts';
import { pretrain } from './pretrain.ts';
import { sft } from './sft.ts';

/** Every method, by the name recipes use. */
export const methods: Readonly<Record<string, Method>> = { sft, pretrain };
