import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readMetrics } from '../runs/metrics.ts';
import type { Recipe } from '../runs/recipe/recipe.generated.ts';
import { Random } from '../support/random.ts';
import { type HostEnd, HostProcess } from './host-process.ts';
import { inspectKilled, type RunContent, runContent, unfinishedCheckpoint } from './run-content.ts';

/** When a process is killed. */
export type Moment = 'any time' | 'first step' | 'checkpoint write';

interface Plan {
  readonly moment: Moment;
  readonly victim: 'host' | 'engine';
}

export interface Kill extends Plan {
  /** Steps recorded when it came. */
  readonly step: number;
  /** Whether it came inside the moment that was meant; if not, there is one more kill that is meant so. */
  readonly hit: boolean;
  /** Milliseconds until the engine was gone. */
  readonly engineGoneMs: number;
}

export interface CampaignResult {
  readonly kills: readonly Kill[];
  /** Runs that were killed and resumed to their end. */
  readonly runs: number;
  /** Lines of logs cut short by the kills. */
  readonly torn: number;
  /** What differs from the run nobody killed, or was broken on the way; none is the promise. */
  readonly problems: readonly string[];
}

export interface CampaignOptions {
  readonly recipe: Recipe;
  /** Run folders are made in it. */
  readonly folder: string;
  /** Kills that come in the moment that is meant. */
  readonly kills: number;
  readonly seed: number;
  readonly log?: (text: string) => void;
}

/** Milliseconds within which a checkpoint of the small model is written. */
const writeWindow = 12;
/** Kills for each that was asked for, counting those that missed their moment. */
const mostTries = 3;

/**
 * Runs a recipe once undisturbed, then again and again with SIGKILLs to the host or the engine at random times, each
 * time resuming until it is finished, and compares each end with the undisturbed one, bit for bit.
 */
export async function killCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { recipe, folder, log = () => {} } = options;
  const random = Random.of(options.seed, 'kills');
  const reference = await undisturbed(recipe, join(folder, 'reference'));
  const plans = random.shuffle(makePlans(options.kills));
  const kills: Kill[] = [];
  const problems: string[] = [];
  let [runs, torn, escaped] = [0, 0, 0];
  while (plans.length > 0) {
    const dir = join(folder, `run-${++runs}`);
    for (let finished = false; !finished; ) {
      const plan = takePlan(plans, readMetrics(dir).steps.length === 0);
      const host = new HostProcess({ recipe, dir });
      const killed = plan ? await killAt(plan, host, dir, reference, random) : false;
      const end = await host.ended;
      const engineGoneMs = await host.engineGone();
      // The run was over before: once more, but not for ever where a run is over too soon.
      if (plan && !killed && escaped++ < mostTries * options.kills) plans.push(plan);
      if (plan && killed) {
        const found = await inspectKilled(dir);
        problems.push(...found.problems, ...unexpectedEnd(plan, end));
        torn = Math.max(torn, found.torn);
        const step = readMetrics(dir).steps.length;
        const hit = { 'any time': true, 'first step': step === 0, 'checkpoint write': found.midCheckpoint }[
          plan.moment
        ];
        kills.push({ ...plan, step, hit, engineGoneMs });
        if (!hit && kills.length < mostTries * options.kills) plans.push(plan);
        log(`kill ${kills.length}: ${plan.victim}, ${plan.moment}${hit ? '' : ' (missed)'}, after step ${step}`);
      } else if (end.kind !== 'result')
        throw end.kind === 'error' ? end.error : new Error(`the host ended by ${end.signal}`);
      finished = end.kind === 'result';
    }
    problems.push(...differences(await runContent(dir), reference.content).map((text) => `run-${runs}: ${text}`));
    log(`run ${runs} is finished`);
  }
  return { kills, runs, torn, problems };
}

interface Reference {
  readonly content: RunContent;
  /** Of the whole run, from the start of the host to its end. */
  readonly milliseconds: number;
  /** Of the first step. */
  readonly stepMs: number;
}

async function undisturbed(recipe: Recipe, dir: string): Promise<Reference> {
  const since = performance.now();
  const end = await new HostProcess({ recipe, dir }).ended;
  const milliseconds = performance.now() - since;
  if (end.kind !== 'result') throw end.kind === 'error' ? end.error : new Error(`the host ended by ${end.signal}`);
  const { steps } = readMetrics(dir);
  return { content: await runContent(dir), milliseconds, stepMs: 1000 * steps[0]!.seconds };
}

/** A fifth of the kills in the first step, three tenths inside a checkpoint write, at least one of each; every other one to the host. */
function makePlans(kills: number): Plan[] {
  const first = Math.ceil(kills / 5);
  const write = Math.ceil((kills * 3) / 10);
  return Array.from({ length: kills }, (_, i) => ({
    moment: i < first ? 'first step' : i < first + write ? 'checkpoint write' : 'any time',
    victim: i % 2 === 0 ? 'host' : 'engine',
  }));
}

/** The next plan that suits a run with or without a step behind it; none when the run may go on to its end. */
function takePlan(plans: Plan[], fresh: boolean): Plan | undefined {
  const index = plans.findIndex(({ moment }) => fresh || moment !== 'first step');
  return index < 0 ? undefined : plans.splice(index, 1)[0];
}

/** @returns whether the victim was killed; false when the run ended first. */
async function killAt(
  plan: Plan,
  host: HostProcess,
  dir: string,
  reference: Reference,
  random: Random,
): Promise<boolean> {
  const wait =
    random.float() *
    { 'any time': reference.milliseconds, 'first step': reference.stepMs / 2, 'checkpoint write': writeWindow }[
      plan.moment
    ];
  const skip = random.int(2);
  const strike = new AbortController();
  const killed = new Promise<boolean>((done) => {
    const later = () => {
      const timer = setTimeout(() => done(host.kill(plan.victim)), wait);
      strike.signal.addEventListener('abort', () => clearTimeout(timer));
    };
    if (plan.moment === 'any time') later();
    host.onEvent((event) => {
      // Before the first step of a new run comes the held-out loss of the model as it was.
      if (plan.moment === 'first step' && event.type === 'evaluate' && event.step === 0) later();
      if (plan.moment === 'checkpoint write' && event.type === 'start')
        onCheckpointWrite(dir, skip, strike.signal, later);
    });
    void host.ended.then(() => done(false));
  });
  try {
    return await killed;
  } finally {
    strike.abort();
  }
}

/** Calls back when the folder of a checkpoint appears, letting `skip` others pass. */
function onCheckpointWrite(dir: string, skip: number, signal: AbortSignal, callback: () => void): void {
  const checkpoints = join(dir, 'checkpoints');
  const seen = new Set<string>();
  watch(checkpoints, { signal }, (_, name) => {
    if (name === null || !unfinishedCheckpoint.test(name) || seen.has(name) || !existsSync(join(checkpoints, name)))
      return;
    seen.add(name);
    if (seen.size === skip + 1) callback();
  });
}

/** The host outlives a killed engine, and says what became of it. */
function unexpectedEnd({ victim }: Plan, end: HostEnd): string[] {
  if (victim === 'host')
    return end.kind === 'killed' && end.signal === 'SIGKILL' ? [] : [`a killed host ended with ${end.kind}.`];
  if (end.kind === 'error' && end.error.code === 'engine-died') return [];
  return [`the host of a killed engine ended with ${end.kind === 'error' ? end.error.message : end.kind}.`];
}

function differences(content: RunContent, expected: RunContent): string[] {
  const names = new Set([...Object.keys(content.files), ...Object.keys(expected.files)]);
  const files = [...names]
    .filter((name) => content.files[name] !== expected.files[name])
    .map((name) => `${name} differs.`);
  const metrics = (['steps', 'evaluations'] as const)
    .filter((kind) => !isDeepStrictEqual(content[kind], expected[kind]))
    .map((kind) => `the metrics of its ${kind} differ.`);
  const forgetting = isDeepStrictEqual(content.forgetting, expected.forgetting) ? [] : ['forgetting.json differs.'];
  return [...files, ...metrics, ...forgetting];
}
