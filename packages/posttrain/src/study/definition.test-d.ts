import { defineStudy } from './definition.ts';

/** What a study in TypeScript may hold, and what it may not. */

const recipe = { method: 'sft', model: 'pocket', data: { train: 'chat.jsonl' }, lr: 1e-3 } as const;
const evaluate = { tasks: ['gsm8k'] };

defineStudy({
  arms: {
    control: { model: 'pocket' },
    file: './sft.yaml',
    swept: { ...recipe, lr: [1e-3, 1e-2], optimizer: { kind: 'adamw', weightDecay: [0, 0.1] }, steps: 10 },
    lists: { ...recipe, optimizer: { betas: [0.9, 0.95] }, schedule: ['cosine', 'linear'] },
    changed: { recipe: './sft.yaml', with: { optimizer: ['adamw', 'muon'] } },
  },
  evaluate,
});
// @ts-expect-error a key that no recipe has
defineStudy({ arms: { sft: { ...recipe, stesp: 10 } }, evaluate });
// @ts-expect-error seeds are the study's
defineStudy({ arms: { sft: { ...recipe, seed: 1 } }, evaluate });
// @ts-expect-error a list of what the key does not take
defineStudy({ arms: { sft: { ...recipe, batch: ['a'] } }, evaluate });
// @ts-expect-error nothing to compare on
defineStudy({ arms: { control: { model: 'pocket' } } });
