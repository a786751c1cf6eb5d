import { PosttrainError } from '../support/errors.ts';

/** Reads `name=value` texts of an option that may be repeated. @throws PosttrainError `usage` */
export function parseAssignments(option: string, texts: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0 || at === text.length - 1)
      throw new PosttrainError('usage', `${option} ${text} is no NAME=VALUE.`, {
        help: `write ${option} gsm8k=./gsm8k/train.jsonl, once for each name.`,
      });
    const name = text.slice(0, at);
    if (values[name] !== undefined) throw new PosttrainError('usage', `${option} gives ${name} twice.`);
    values[name] = text.slice(at + 1);
  }
  return values;
}

/** Reads `task.metric=0.02` texts. @throws PosttrainError `usage` */
export function parseMargins(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(parseAssignments('--margin', texts)).map(([name, text]) => {
      const value = Number(text);
      if (value > 0) return [name, value];
      throw new PosttrainError('usage', `--margin ${name}=${text} is no number above 0.`, {
        help: 'a margin is a difference too small to matter, in the unit of the metric: mmlu.acc=0.02',
      });
    }),
  );
}
