import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memory, noGrad, SafetensorsFile, scope, type Tensor } from '../tensor/index.ts';

/** Reading the fixtures under golden/, and the comparison rule of docs/decisions and architecture: max|a−b| / max|b|. */

const root = fileURLToPath(new URL('../../../../golden/', import.meta.url));

/** Absolute path of a file or folder under golden/. */
export function goldenPath(name: string): string {
  return root + name;
}

export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(name), 'utf8')) as T;
}

/** max|a−b| / max|b|, or max|a−b| where b is as good as zero. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  return scope(() =>
    noGrad(() => {
      assert.deepEqual(actual.shape, expected.shape);
      const difference = actual.toDtype('float64').sub(expected.toDtype('float64')).abs().amax().item();
      const size = expected.toDtype('float64').abs().amax().item();
      return size < 1e-8 ? difference : difference / size;
    }),
  );
}

/** Tolerances in float32: values to 1e-5, gradients to 1e-4 of the tensor's largest element. */
export const valueTolerance = 1e-5;
export const gradientTolerance = 1e-4;

export function assertClose(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  const error = relativeError(actual, expected);
  assert.ok(
    error <= tolerance,
    `${what}: off by ${error.toExponential(2)} of the largest element; ${tolerance} is allowed`,
  );
}

/** Runs a body on the tensors of a fixture file. */
export function withTensors<T>(
  name: string,
  body: (view: (tensor: string) => Tensor, names: readonly string[]) => T,
): T {
  using file = new SafetensorsFile(goldenPath(name));
  return body((tensor) => file.view(tensor), [...file.header.tensors.keys()]);
}

/** Fails where `body` leaves tensors behind, or where the collector had to free one. */
export async function assertNoLeak(body: () => unknown): Promise<void> {
  const before = memory();
  await body();
  const after = memory();
  assert.equal(after.live, before.live, 'tensors left alive');
  assert.equal(after.collectedByGc, before.collectedByGc, 'tensors freed by the collector');
}
