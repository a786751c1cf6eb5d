import { enableGrad, noGrad, scope } from './scope.ts';
import { ones, type Tensor } from './tensor.generated.ts';

/** Bodies that span an await do not compile; this file fails to compile where one of them does. */

// @ts-expect-error an async body
export const asyncScope = () => scope(async () => ones([1]));
// @ts-expect-error a body that returns a promise
export const promised = () => scope(() => Promise.resolve(ones([1])));
// @ts-expect-error a body that may return one
export const perhaps = (x: number) => scope(() => (x > 0 ? Promise.resolve(x) : x));
// @ts-expect-error grad mode is the process's, not the task's
export const asyncNoGrad = () => noGrad(async () => ones([1]));
// @ts-expect-error the same the other way
export const asyncEnableGrad = () => enableGrad(async () => ones([1]));

export const plain = (): Tensor => scope(() => ones([1]));
export const nothing = (): void => scope(() => {});
export const failing = () =>
  scope(() => {
    throw new Error('a body that never returns');
  });
export const several = (): { a: Tensor; b: Tensor[] } => noGrad(() => ({ a: ones([1]), b: [ones([1])] }));
