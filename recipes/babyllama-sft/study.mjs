// Does fine-tuning by this package end where PyTorch's does? README.md says what is done.
//   npm run -s study -- babyllama-sft --json          babyllama-sft seeds=1 threads=1 is a part of it
import { readFileSync } from 'node:fs';
import { goldenFile, learn, reference, settings } from '../babyllama.mjs';

export const description = 'babyllama-361 learns instructions: held-out loss of three seeds beside PyTorch’s';
export { settings };

export function run(options) {
  const rows = readFileSync(goldenFile('learn/instruction.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const byIndex = new Map(rows.map((row) => [row.index, { messages: row.messages }]));
  const { train, heldOut } = reference('sft');
  const pick = (indices) => indices.map((index) => byIndex.get(index));
  return learn(
    { name: 'sft', trainRows: pick(train), heldOutRows: pick(heldOut), mustFall: 1.5, recipe: { method: 'sft' } },
    options,
  );
}
