import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { train } from '../client/train.ts';
import type { RunEvent } from '../runs/events.ts';
import type { SftRecipe } from '../runs/recipe/recipe.generated.ts';
import { PosttrainError } from '../support/errors.ts';
import { SafetensorsFile, scope, type Tensor, writeSafetensors } from '../tensor/index.ts';
import { assertNoLeak, goldenPath } from './golden.ts';

/** Provoking mistakes through the public `train()`, on a model and rows that are good until a test breaks them. */

/** A folder of its own with a small model, rows that fit it, and where the run would go. */
export interface Scene extends Disposable {
  /** Absolute; shown as ROOT in messages. */
  readonly root: string;
  /** A copy of the tiny model with a BPE tokenizer and a chat template. */
  readonly model: string;
  /** A copy of its rows, one JSON object a line. */
  readonly rows: string;
  readonly dir: string;
}

const goodRows = [
  {
    messages: [
      { role: 'user', content: 'Name a colour.' },
      { role: 'assistant', content: 'Blue.' },
    ],
  },
  {
    messages: [
      { role: 'user', content: 'Name a fruit.' },
      { role: 'assistant', content: 'A ripe pear.' },
    ],
  },
];

export function scene(modelFixture = 'models/tiny-bpe'): Scene {
  const root = mkdtempSync(join(tmpdir(), 'posttrain-bad-input-'));
  const [model, rows] = [join(root, 'model'), join(root, 'rows.jsonl')];
  mkdirSync(model);
  for (const name of readdirSync(goldenPath(modelFixture))) {
    if (/^(fixture\.json|tensors\.safetensors|golden\.json)$/.test(name)) continue;
    cpSync(goldenPath(`${modelFixture}/${name}`), join(model, name), { dereference: true });
  }
  writeRows(rows, goodRows);
  return {
    root,
    model,
    rows,
    dir: join(root, 'runs', 'a'),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

export function writeRows(file: string, rows: readonly unknown[]): void {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

export function conversation(user: string, assistant: string): unknown {
  return {
    messages: [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ],
  };
}

/** Changes keys of a JSON file; `undefined` takes one out. */
export function changeJson(file: string, change: Readonly<Record<string, unknown>>): void {
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
}

/** Rewrites the model's weights after an edit. */
export function changeWeights({ model }: Scene, edit: (weights: Map<string, Tensor>) => void): void {
  const file = join(model, 'model.safetensors');
  scope(() => {
    using stored = new SafetensorsFile(file);
    const weights = new Map([...stored.header.tensors.keys()].map((name) => [name, stored.view(name)]));
    edit(weights);
    writeSafetensors(`${file}.new`, weights);
  });
  renameSync(`${file}.new`, file);
}

/** A recipe for the scene that works: two steps in float32. */
export function recipeFor({ model, rows }: Scene, change: Readonly<Record<string, unknown>> = {}): SftRecipe {
  const recipe = {
    method: 'sft',
    model,
    data: { train: rows },
    lr: 1e-3,
    batch: 2,
    steps: 2,
    precision: 'fp32',
    forgetting: false,
    ...change,
  };
  return recipe as unknown as SftRecipe; // tests give what the types forbid
}

/** Names and hashes of everything under a folder. */
export function listing(root: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (entry.isDirectory()) out[`${name}/`] = 'folder';
    else if (entry.isSymbolicLink()) out[name] = readlinkSync(path);
    else out[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return out;
}

/**
 * Runs `train` on the scene and gives back how it failed, as `code: message` with the place and the help, and with the
 * scene's folder as ROOT. Fails where it does not fail, where anything on the disk differs afterwards, or where a tensor is left.
 */
export async function provoke(
  at: Scene,
  change: Readonly<Record<string, unknown>> = {},
  options: { dir?: string; resume?: boolean; engine?: boolean } = {},
): Promise<string> {
  const before = listing(at.root);
  let shown = '';
  await assertNoLeak(async () => {
    const run = train(recipeFor(at, change), {
      dir: options.dir ?? at.dir,
      resume: options.resume ?? false,
      inProcess: !options.engine,
    });
    await assert.rejects(run.result, (thrown) => {
      shown = show(thrown, at);
      return true;
    });
  });
  assert.deepEqual(listing(at.root), before, 'nothing on the disk has changed');
  return shown;
}

/**
 * A test that breaks a scene and expects to be refused in these words, with nothing changed on the disk.
 * What `arrange` returns changes the recipe.
 */
export function refuses(
  name: string,
  arrange: (at: Scene) => Readonly<Record<string, unknown>> | undefined | void,
  expected: string | RegExp,
): void {
  test(name, async () => {
    using at = scene();
    const shown = await provoke(at, arrange(at) ?? {});
    if (typeof expected === 'string') assert.equal(shown, expected);
    else assert.match(shown, expected);
  });
}

/** Runs `train` on the scene to its end, with the events. */
export async function succeed(at: Scene, change: Readonly<Record<string, unknown>> = {}): Promise<RunEvent[]> {
  const run = train(recipeFor(at, change), { dir: at.dir, inProcess: true });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  await run.result;
  return events;
}

/** An error as a person reads it, after its code; the scene's folder is ROOT. */
export function show(thrown: unknown, { root }: Scene): string {
  assert.ok(
    PosttrainError.is(thrown),
    `not a PosttrainError: ${thrown instanceof Error ? thrown.stack : String(thrown)}`,
  );
  return `${thrown.code}: ${thrown.format()}`.replaceAll(root, 'ROOT');
}
