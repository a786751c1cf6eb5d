import { createInterface } from 'node:readline/promises';
import { formatProgress } from '../native/setup-progress.ts';
import { toPosttrainError } from '../support/errors.ts';
import { EngineNotReady } from './engine-not-ready.ts';
import { loadLibrary, type SetupProgress, type TorchCandidate } from './library.ts';
import type { Output } from './output.ts';

/** Makes sure that libtorch and the engine are there; the first time, that is a download and a build, with one line of progress. */
export async function prepareEngine(output: Output): Promise<void> {
  const { ensureEngine } = await loadLibrary();
  await whileSettingUp(output, () => ensureEngine(setupProgress(output), { onOffer: offerOnTerminal(output) }));
}

/** @throws EngineNotReady */
export async function whileSettingUp<T>(output: Output, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new EngineNotReady(toPosttrainError(error));
  } finally {
    output.status.clear();
  }
}

/** Shows what setup does. The sizes of a download stay readable above the line. */
export function setupProgress(output: Output): (progress: SetupProgress) => void {
  return (progress) => {
    if (progress.phase === 'plan') output.note(formatProgress(progress));
    else if (progress.phase !== 'done') output.progress(() => formatProgress(progress));
  };
}

/** Asks before a Python's torch is used. Without a terminal nobody can agree, so it is never offered. */
export function offerOnTerminal(output: Output): ((candidate: TorchCandidate) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.env.CI) return undefined;
  return async ({ version, path }) => {
    output.status.clear();
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await prompt.question(
        `PyTorch ${version} is in ${path}. Use it instead of a download of our own? [y/N] `,
      );
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      prompt.close();
    }
  };
}
