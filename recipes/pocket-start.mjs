// The tuned pocket model that the studies of preferences begin with: the quickstart's recipe on the quickstart's rows, trained once.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRecipe, train } from 'posttrain';
import { pocket } from 'posttrain/data';
import { latestCheckpoint } from 'posttrain/runs';

const recipeFile = fileURLToPath(new URL('../packages/posttrain/assets/pocket/quickstart.yaml', import.meta.url));

/** The folder of its checkpoint in `work`; a run that has ended is not repeated, one that was stopped goes on. */
export async function tunedPocket(work, { seed = 0, steps, threads }, log) {
  mkdirSync(work, { recursive: true });
  const [dir, rows] = [join(work, 'start'), join(work, 'start.rows.jsonl')];
  const overrides = [`data.train=${JSON.stringify(rows)}`, `seed=${seed}`, `threads=${threads}`];
  if (steps > 0) overrides.push(`steps=${steps}`);
  const { recipe } = await loadRecipe(recipeFile, overrides);
  if (!existsSync(rows)) writeFileSync(rows, jsonLines(pocket.sftRows(recipe.batch * recipe.steps, seed)));
  const { checkpoint } = await latestCheckpoint(join(dir, 'checkpoints'));
  if (checkpoint !== null && checkpoint.step === recipe.steps) return checkpoint.path;
  const run = train(
    { ...recipe, forgetting: false, every: { ...recipe.every, checkpoint: 200, keep: 1 } },
    { dir, resume: true },
  );
  for await (const event of run)
    if (event.type === 'step' && event.step % 100 === 0)
      log(`start ${event.step}/${event.steps} loss ${event.loss.toFixed(3)}`);
  return (await run.result).checkpoint;
}

export function jsonLines(rows) {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
