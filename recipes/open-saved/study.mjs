// Does transformers read what a run saved as this package does? README.md says what is done.
//   POSTTRAIN_PEERS=… npm run -s study -- open-saved --json
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { train } from 'posttrain';
import { Renderer, Tokenizer } from 'posttrain/data';
import { decode, loadCausalLm, saveModelFolder } from 'posttrain/models';
import { PackedAttention } from 'posttrain/nn';
import { noGrad, scope, tensor, toArray } from 'posttrain/tensor';

export const description = 'the folder that a run saved, opened in transformers: the same logits, tokens and ids?';
export const settings = { steps: 20, tokens: 40 };

const golden = fileURLToPath(new URL('../../golden/', import.meta.url));
const script = join(golden, 'scripts', 'open_saved.py');
const sentence = 'Once upon a time, there was a little girl named Lily.';
/** max|a − b| / max|b| of the logits; where the two likeliest tokens are closer than the gap, either may be chosen. */
const limits = { logits: 1e-5, gap: 1e-3 };

export async function run({ settings: { steps, tokens }, peers, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'posttrain-saved-'));
  try {
    const saved = {};
    for (const [name, base] of Object.entries(bases(folder))) {
      const dir = join(folder, 'runs', name);
      log(`${name}: ${steps} steps`);
      saved[name] = (await train(recipeFor(base, steps), { dir }).result).checkpoint;
    }
    const ours = {};
    for (const [name, checkpoint] of Object.entries(saved)) ours[name] = await readHere(checkpoint, tokens);
    const theirs = peers ? await readThere(peers, saved, ours, tokens) : null;
    const compared =
      theirs && Object.keys(saved).map((name) => ({ name, ...compare(ours[name], theirs.folders[name]) }));
    return {
      ok: compared === null || compared.every(({ same }) => same),
      ours: Object.fromEntries(
        Object.entries(ours).map(([name, { greedy, ids }]) => [name, { ids: ids.length, greedy }]),
      ),
      peers: compared,
      bound: null,
      ratio: null,
      limits,
      versions: theirs?.versions,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Tied and untied heads, biases, and weights stored in bfloat16, whose float32 masters are rounded on saving. */
function bases(folder) {
  const short = join(folder, 'bfloat16');
  const { model, folder: source } = loadCausalLm(join(golden, 'models', 'tiny-bpe'));
  scope(() =>
    noGrad(() => {
      const weights = [...model.namedParameters()].map(([name, weight]) => [name, weight.toDtype('bfloat16')]);
      saveModelFolder(short, source, new Map(weights));
    }),
  );
  model[Symbol.dispose]();
  const tied = join(folder, 'tied');
  cpSync(join(golden, 'models', 'babyllama-361-chat'), tied, { recursive: true, dereference: true });
  return { tied, untied: join(golden, 'models', 'tiny-bpe'), bfloat16: short };
}

function recipeFor(model, steps) {
  return {
    method: 'sft',
    model,
    data: { train: join(golden, 'sft', 'rows.jsonl'), overlong: 'drop' },
    batch: 8,
    steps,
    lr: 1e-3,
    precision: 'fp32',
    forgetting: false,
    threads: 1,
  };
}

/** What we make of a saved folder: ids of a text and of a question, logits, and greedy tokens. */
async function readHere(checkpoint, tokens) {
  const tokenizer = await Tokenizer.load(checkpoint);
  const ids = [...(await tokenizer.encode(sentence, { specialTokens: true }))];
  const chatIds = [...(await new Renderer(tokenizer).renderPrompt([{ role: 'user', content: sentence }]))];
  const { model } = loadCausalLm(checkpoint);
  try {
    const logits = scope(() =>
      noGrad(() => {
        const attention = new PackedAttention([ids.length]);
        const values = toArray(model.logits(model.call(tensor(ids, { dtype: 'int64' }), attention)));
        attention[Symbol.dispose]();
        return values;
      }),
    );
    const greedy = [];
    await decode(model, [ids.slice(0, 5)], {
      maxTokens: tokens,
      endTokens: new Set(),
      sampling: { temperature: 0 },
      seeds: [0],
      onToken: (_row, token) => void greedy.push(token),
    });
    return { ids, chatIds, logits, greedy };
  } finally {
    model[Symbol.dispose]();
  }
}

async function readThere(python, saved, ours, tokens) {
  const folders = {};
  let versions = {};
  for (const [name, checkpoint] of Object.entries(saved)) {
    const args = [script, checkpoint, '--ids', ours[name].ids.join(), '--prompt', ours[name].ids.slice(0, 5).join()];
    const { stdout } = await promisify(execFile)(python, [...args, '--tokens', String(tokens)], { maxBuffer: 1 << 28 });
    const { madeWith, folders: opened } = JSON.parse(stdout.trim().split('\n').at(-1));
    folders[name] = opened[0];
    versions = { transformers: madeWith.transformers, peerTorch: madeWith.torch };
  }
  return { folders, versions };
}

function compare(ours, theirs) {
  const expected = theirs.logits.flat();
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - ours.logits[i]))) / largest;
  const firstTie = theirs.gaps.findIndex((gap) => gap <= limits.gap);
  const sure = firstTie < 0 ? theirs.greedy.length : firstTie;
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const checks = {
    everyWeight: theirs.missing.length === 0 && theirs.unexpected.length === 0,
    logits: ours.logits.length === expected.length && difference <= limits.logits,
    greedy: same(ours.greedy.slice(0, sure), theirs.greedy.slice(0, sure)),
    textIds: same(ours.ids, theirs.textIds),
    chatIds: same(ours.chatIds, theirs.chatIds),
  };
  return {
    same: Object.values(checks).every(Boolean),
    checks,
    difference,
    tokensCompared: sure,
    missing: theirs.missing,
    unexpected: theirs.unexpected,
  };
}
