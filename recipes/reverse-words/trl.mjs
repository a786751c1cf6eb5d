// TRL's GRPO on the same prompts, as trl_grpo.py runs it: a seed at a time, kept in files, so that a study that was stopped goes on.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('./trl_grpo.py', import.meta.url));

/** @returns { seed, rewards of each step, first: answers of the first step with their rewards, seconds, versions } of each seed */
export async function trlRuns(python, work, spec, seeds, log) {
  const made = [];
  for (const seed of seeds) {
    const name = join(work, `trl-${spec.lr}-${seed}`);
    if (!existsSync(`${name}.json`)) {
      writeFileSync(`${name}.spec.json`, JSON.stringify({ ...spec, seed }));
      const { stdout } = await promisify(execFile)(python, [program, `${name}.spec.json`], {
        env: { ...process.env, OMP_NUM_THREADS: String(spec.threads) },
        maxBuffer: 1 << 28,
      });
      writeFileSync(`${name}.json`, stdout.trim().split('\n').at(-1));
    }
    made.push({ seed, ...JSON.parse(readFileSync(`${name}.json`, 'utf8')) });
    log(`TRL, seed ${seed}: ${made.at(-1).seconds.toFixed(0)} s`);
  }
  return made;
}
