// What a small operation costs beyond its arithmetic: the sum of two tensors of 8 float32, the result freed. Ours runs in
// scopes, as model code does; PyTorch's runs from Python. Rounds of both alternate, so that both meet the same machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build, ones, scope } from 'posttrain/tensor';

export const description =
  'nanoseconds for the sum of two [8] float32 tensors, result freed, beside PyTorch from Python';
/** A round is a few milliseconds: short enough that on a busy machine some are not interrupted. */
export const settings = { rounds: 300, additions: 2000 };

const mostTimesPyTorch = 1.3;
/** Beside one scope for each operation: as many in one as a block of a model has. */
const inBlock = 20;
const program = fileURLToPath(new URL('./peers/op_overhead.py', import.meta.url));

export async function run({ settings: { rounds, additions }, peers, log }) {
  const python = peers ? await startPeer(peers) : null;
  const [a, b] = [ones([8]).keep(), ones([8]).keep()];
  const count = Math.ceil(additions / inBlock) * inBlock;
  for (const together of [1, inBlock]) perAddition(a, b, count, together);
  const times = { alone: [], block: [], python: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      times.alone.push(perAddition(a, b, count, 1));
      if (python) times.python.push(await python.perAddition(count));
      times.block.push(perAddition(a, b, count, inBlock));
    }
  } finally {
    python?.end();
    for (const tensor of [a, b]) tensor.dispose();
  }
  const ours = { ...summary(times.alone), blockOf20: summary(times.block) };
  const theirs = python ? summary(times.python) : null;
  const ratio = theirs ? round(ours.minimumNs / theirs.minimumNs, 3) : null;
  log(`ours ${ours.minimumNs} ns${theirs ? `, PyTorch ${theirs.minimumNs} ns, ratio ${ratio}` : ''}`);
  return {
    ok: ratio === null || ratio <= mostTimesPyTorch,
    ours,
    peers: theirs,
    bound: null,
    ratio,
    // On a busy machine the minimum says what an operation costs, the median what the others leave of it.
    ratioOf: 'minimum',
    ratioOfMedians: theirs ? round(ours.medianNs / theirs.medianNs, 3) : null,
    limit: mostTimesPyTorch,
    versions: { torch: build().torch, ...python?.versions },
  };
}

/** Nanoseconds of one addition, scopes and loop included. */
function perAddition(a, b, count, together) {
  const begun = process.hrtime.bigint();
  for (let done = 0; done < count; done += together)
    scope(() => {
      for (let i = 0; i < together; i++) a.add(b);
    });
  return Number(process.hrtime.bigint() - begun) / count;
}

async function startPeer(python) {
  const child = spawn(python, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended early.`);
    return JSON.parse(value);
  };
  await once(child, 'spawn');
  const { python: version, torch } = await next();
  return {
    versions: { python: version, peerTorch: torch },
    perAddition(count) {
      child.stdin.write(`${count}\n`);
      return next();
    },
    end: () => child.stdin.end(),
  };
}

function summary(times) {
  const sorted = [...times].sort((x, y) => x - y);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { minimumNs: round(sorted[0]), medianNs: round(median), rounds: sorted.length };
}

function round(value, digits = 0) {
  return Number(value.toFixed(digits));
}
