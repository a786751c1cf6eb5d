import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import type { Metric } from '../metric.ts';
import { describeRequirement, type Requirement } from './requirement.ts';

/** What a call says about figures by name. */
export interface NamedFigures {
  readonly requirements?: readonly Requirement[] | undefined;
  readonly margins?: Readonly<Record<string, number>> | undefined;
}

interface NamedTask {
  readonly name: string;
  readonly metrics: Readonly<Record<string, Pick<Metric, 'ideal'>>>;
}

/**
 * Whether requirements and margins name figures that will be there, and ask of them what they have.
 * @param models how many there are
 * @throws PosttrainError `usage`
 */
export function checkNames(
  { requirements = [], margins = {} }: NamedFigures,
  tasks: readonly NamedTask[],
  models: number,
): void {
  const figures = new Map<string, number | undefined>(
    tasks.flatMap(({ name, metrics }) =>
      Object.entries(metrics).map(([metric, { ideal }]) => [`${name}.${metric}`, ideal] as const),
    ),
  );
  const known = (name: string, what: string) => {
    if (figures.has(name)) return;
    throw new PosttrainError('usage', `${what} names a figure that is not evaluated.`, {
      help: `there are ${nearestFirst(name, [...figures.keys()])
        .slice(0, 8)
        .join(', ')}.`,
    });
  };
  for (const name of Object.keys(margins)) known(name, `the margin of ${name}`);
  for (const requirement of requirements) {
    const name = `${requirement.task}.${requirement.metric}`;
    const text = `the requirement "${describeRequirement(requirement)}"`;
    known(name, text);
    if (requirement.of.startsWith('change') && models < 2)
      throw new PosttrainError('usage', `${text} needs two models.`, { help: 'name the model to compare with first.' });
    checkQuantity(requirement, text, figures.get(name));
  }
}

/** A plain threshold on a figure with two bad directions would let one of them pass. */
function checkQuantity({ task, metric, of, op }: Requirement, text: string, ideal: number | undefined): void {
  const distance = of === 'distance' || of === 'change of distance';
  if (distance === (ideal !== undefined)) return;
  if (distance)
    throw new PosttrainError('usage', `${text} asks for a distance, and ${task}.${metric} has no value that is best.`, {
      help: `write "${of === 'distance' ? '' : 'change of '}${task}.${metric} ${op} …".`,
    });
  throw new PosttrainError('usage', `${text} bounds one side of a figure that is best at ${ideal}.`, {
    help: `write "${of === 'change' ? 'change of ' : ''}distance of ${task}.${metric} <= …": how far from ${ideal}.`,
  });
}
