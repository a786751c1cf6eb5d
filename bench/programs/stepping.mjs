// Programs that do one training step for each line they get, ours and the peers', and what their steps say together.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Our side: programs/train-steps.mjs on a spec file. */
export function startOurs(spec, env = {}) {
  return start(process.execPath, [path('./train-steps.mjs'), spec], env);
}

/** The peer's side: a script of bench/peers on the same spec file. */
export function startPeer(python, script, spec, env = {}) {
  return start(python, [path(`../peers/${script}`), spec], env);
}

/** glibc keeps what it has: what PyTorch's users set to avoid page faults. */
export const tunedMalloc = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '2147483647',
  MALLOC_TOP_PAD_: '67108864',
};

async function start(program, args, env) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${args[0]} ended early.`);
      // A trainer prints dictionaries of its own; JSON begins with a quoted name.
      if (value.startsWith('{"')) return JSON.parse(value);
    }
  };
  const versions = await next();
  return {
    versions,
    step() {
      child.stdin.write('step\n');
      return next();
    },
    async end() {
      child.stdin.end();
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
    },
  };
}

/** Alternates steps of several processes; the first of each is not counted. Which have fewer steps to do end earlier. */
export async function interleave(sides, log) {
  const made = sides.map(() => []);
  const most = Math.max(...sides.map(({ steps }) => steps));
  for (let i = 0; i <= most; i++)
    for (const [k, { process, steps, name }] of sides.entries()) {
      if (i > steps) continue;
      const step = await process.step();
      log(`${name}: step ${i}, ${step.seconds.toFixed(2)} s, loss ${step.loss.toFixed(4)}`);
      if (i > 0) made[k].push(step);
    }
  return made.map(summary);
}

function summary(steps) {
  const median = (pick) => {
    const sorted = steps.map(pick).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  return {
    steps: steps.length,
    secondsMedian: median(({ seconds }) => seconds),
    secondsMinimum: Math.min(...steps.map(({ seconds }) => seconds)),
    cpuSecondsMedian: median(({ cpuSeconds }) => cpuSeconds),
    tokensPerSecond: median(({ seconds, tokens }) => tokens / seconds),
    // Of methods whose rows the model writes.
    ...(steps.every(({ rolloutSeconds }) => rolloutSeconds !== undefined) && {
      rolloutSecondsMedian: median(({ rolloutSeconds }) => rolloutSeconds),
      trainSecondsMedian: median(({ seconds, rolloutSeconds }) => seconds - rolloutSeconds),
    }),
    loss: steps.at(-1).loss,
    losses: steps.map(({ loss }) => loss),
    faults: steps.every(({ faults }) => faults !== undefined) ? median(({ faults }) => faults) : null,
    peakRss: Math.max(...steps.map(({ peakRss }) => peakRss)),
  };
}
