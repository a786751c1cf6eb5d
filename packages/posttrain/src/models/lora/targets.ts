import { PosttrainError } from '../../support/errors.ts';

/** Which linear maps get adapters: all of the blocks', those whose names end in one of these, or match an expression. */
export type LoraTargets = 'all-linear' | string | readonly string[];

/**
 * The names that `targets` chooses, as PEFT's `target_modules` does: a list by a whole name or its last parts, a text as a
 * regular expression for whole names.
 *
 * @param names of every linear map of the blocks, such as `model.layers.0.self_attn.q_proj`
 * @throws recipe-invalid with the names there are, where a text or a member of the list chooses nothing
 */
export function chooseTargets(targets: LoraTargets, names: readonly string[]): string[] {
  if (targets === 'all-linear') return [...names];
  if (typeof targets === 'string') {
    const matches = expression(targets);
    const chosen = names.filter((name) => matches.test(name));
    if (chosen.length === 0) throw nothingChosen([targets], names);
    return chosen;
  }
  const idle = targets.filter((target) => !names.some((name) => isNamed(name, target)));
  if (idle.length > 0) throw nothingChosen(idle, names);
  return names.filter((name) => targets.some((target) => isNamed(name, target)));
}

export function isNamed(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}

/** A regular expression that has to match from the first letter to the last. */
export function expression(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch (cause) {
    throw new PosttrainError(
      'recipe-invalid',
      `lora.targets is no regular expression: ${JSON.stringify(source)} (${(cause as Error).message}).`,
      { place: { key: 'lora.targets' }, help: "write it as JavaScript does, or give a list of names' ends.", cause },
    );
  }
}

/** The last parts of names, each once: `q_proj`, `k_proj`, … */
export function lastParts(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.slice(name.lastIndexOf('.') + 1)))];
}

function nothingChosen(targets: readonly string[], names: readonly string[]): PosttrainError {
  const which = targets.map((target) => JSON.stringify(target)).join(', ');
  const ends = lastParts(names).join(', ');
  return new PosttrainError('recipe-invalid', `lora.targets: no linear map of the model is named ${which}.`, {
    place: { key: 'lora.targets' },
    help: `a list takes the ends of names: [${ends}]. A text is all-linear, or a regular expression for whole names such as ${names[0]}.`,
    data: { targets, names },
  });
}
