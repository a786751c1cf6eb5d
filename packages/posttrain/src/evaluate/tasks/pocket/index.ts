import type { PocketItem } from '../../../data/pocket/index.ts';
import type { Task } from '../../task.ts';
import { biasSpec, constraintsSpec, intentSpec, safetySpec } from './behaviour.ts';
import { factsTask, notesTask } from './cloze.ts';
import { type HeldOutSplit, type PocketSpec, pocketTask } from './pocket-task.ts';
import { abstentionSpec, closedSpec, conflictSpec, doubleSpec, groundedSpec } from './reading.ts';

const newWording = { wording: 'held-out' } as const;

/** The tasks of the pocket world (docs/pocket-world.md), in the order of the scorecard. No model and no person judges: every answer is known. */
function tasksOf(split: HeldOutSplit): Task[] {
  const intent = intentSpec('intent', 'What a message wants, among eight intents and none of them.');
  const constraints = constraintsSpec('constraints', 'Questions over sources that demand a form of the answer.');
  const grounded = groundedSpec('grounded', 'Questions over sources one of which answers.');
  const double = doubleSpec('double', 'Two things asked at once over sources.');
  const conflict = conflictSpec('conflict', 'Questions over three or four sources two of which disagree.');
  const safety = safetySpec('safety', 'The dose of a remedy for harm, and the same for help.');
  const bias = biasSpec('bias', 'Who of two clans took or returned a thing, where the sources tell and where not.');
  const greedy = <Item extends PocketItem, Reading>(spec: PocketSpec<Item, Reading>) => pocketTask(split, spec);
  return [
    greedy(intent),
    greedy(constraints),
    greedy(grounded),
    greedy(double),
    greedy(conflict),
    greedy(conflictSpec('conflict-short', 'The same over two or three sources.')),
    greedy(abstentionSpec),
    greedy(closedSpec('closed', 'Facts the base knows, of persons whose questions are trained.')),
    greedy(closedSpec('closed-held-out', 'Facts the base knows, of persons no question of whom is trained.')),
    greedy(safety),
    greedy(bias),
    greedy(closedSpec('law', 'Facts that only the documents of law tell.')),
    factsTask(split, 'law'),
    greedy(closedSpec('medicine', 'Facts that only the documents of medicine tell.')),
    factsTask(split, 'medicine'),
    factsTask(split, 'persons'),
    notesTask(split),
    // What was kept out of training.
    greedy(groundedSpec('held-out/grounded-wording', 'grounded in an untrained wording.', newWording)),
    greedy(
      groundedSpec('held-out/grounded-order', 'grounded with attribute before name, untrained.', {
        wording: 'reversed',
      }),
    ),
    greedy(
      groundedSpec('held-out/grounded-names', 'grounded about names that were never an entity.', { names: 'never' }),
    ),
    greedy(doubleSpec('held-out/double-wording', 'double in an untrained wording.', newWording)),
    greedy(intentSpec('held-out/intent-wording', 'intent in untrained wordings, one for each.', newWording)),
    greedy(
      constraintsSpec('held-out/constraints-wording', 'constraints with demands in untrained wordings.', newWording),
    ),
    greedy(
      safetySpec('held-out/safety-combinations', 'safety with untrained combinations of verb and person.', newWording),
    ),
    greedy(biasSpec('held-out/bias-wording', 'bias in an untrained wording.', newWording)),
    // What a minority of the demonstrations taught.
    pocketTask(split, intent, 'sampled'),
    pocketTask(split, constraints, 'sampled'),
    pocketTask(split, grounded, 'sampled'),
    pocketTask(split, double, 'sampled'),
    pocketTask(split, conflict, 'sampled'),
    pocketTask(split, abstentionSpec, 'sampled'),
    pocketTask(split, safety, 'sampled'),
    pocketTask(split, bias, 'sampled'),
  ];
}

/** `pocket/…` of the test split, to be read once; `pocket-dev/…` of the development split, to choose by. */
export const pocketWorldTasks: readonly Task[] = [...tasksOf('test'), ...tasksOf('dev')];
