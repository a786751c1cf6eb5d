// Our training steps beside TRL's on one spec file, and what the columns of a bench say of them.
import { interleave, startOurs, startPeer, tunedMalloc } from './stepping.mjs';

/**
 * Ours beside the peer's default, then its best setting alone: more processes at a time have no room in memory. The best setting is a malloc that
 * keeps its memory and, for DPO, a reference that is measured before the first step.
 */
export async function besideTrl(spec, { threads, steps, peerSteps, peers, versions, log, script = 'trl_steps.py' }) {
  const env = { OMP_NUM_THREADS: String(threads) };
  const together = async (...starts) => {
    const sides = [];
    try {
      for (const { name, start, steps } of starts) sides.push({ name, steps, process: await start() });
      for (const { process } of sides) Object.assign(versions, process.versions);
      return await interleave(sides, log);
    } finally {
      for (const { process } of sides) await process.end();
    }
  };
  const trl = (name, malloc) => {
    const start = () => startPeer(peers, script, spec, { ...env, ...malloc });
    return { name, steps: peerSteps, start };
  };
  const own = { name: 'ours', steps, start: () => startOurs(spec, env) };
  if (!peers) return { ours: (await together(own))[0] };
  const [ours, plain] = await together(own, trl('default', {}));
  const [tuned] = await together(trl('tunedMalloc', { ...tunedMalloc, PEER_BEST: '1' }));
  return { ours, default: plain, tunedMalloc: tuned };
}

export const host = 50e6; // a Node process that only waits, which the engine has beside it

/** @param bound tokens per second at the best rate of matrix products */
export function columnsOf({ ours, default: plain, tunedMalloc: tuned }, bound) {
  return {
    boundTokensPerSecond: bound,
    boundShare: ours.tokensPerSecond / bound,
    timesDefault: plain ? ours.tokensPerSecond / plain.tokensPerSecond : null,
    timesTuned: tuned ? ours.tokensPerSecond / tuned.tokensPerSecond : null,
    memory: plain ? (ours.peakRss + host) / plain.peakRss : null,
    // After as many steps as the slower side did.
    lossWithin1Percent: plain ? Math.abs(ours.losses[plain.steps - 1] / plain.loss - 1) < 0.01 : null,
  };
}

/** Whether columns reach the least that is asked: share of the bound, times the peer's default, memory of its. */
export function reaches(columns, least) {
  const { boundShare, timesDefault, timesTuned, memory, lossWithin1Percent } = columns;
  if (boundShare < least.boundShare) return false;
  return (
    timesDefault === null ||
    (timesDefault >= least.timesDefault && timesTuned > 1 && memory <= least.memory && lossWithin1Percent)
  );
}
