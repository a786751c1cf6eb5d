import { sharedKeys } from './keys-shared.ts';

const { train: _train, replay: _replay, ...kept } = sharedKeys;

/**
 * The shared keys of methods that learn from human feedback. Which tokens bear loss is not theirs to choose: those of the answers that
 * were judged.
 */
export const preferenceKeys = kept;
