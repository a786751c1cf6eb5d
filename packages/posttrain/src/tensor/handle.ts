import { addon, type Handle } from '../native/binding.ts';
import { PosttrainError } from '../support/errors.ts';
import { type Device, type DType, dtypeCode, dtypeOf, dtypeWidth } from './dtype.ts';

/** The tensors of one open scope. */
export interface Scope {
  readonly label: string;
  readonly parent: Scope | null;
  readonly tensors: TensorHandle[];
}

const trace = process.env['POSTTRAIN_TRACE'] === '1';
let current: Scope | null = null;
let collected = 0;

/** The net under tensors that belong to no scope. It frees what was forgotten, and counts it: tests fail when it caught anything. */
const net = new FinalizationRegistry<Handle>((handle) => {
  collected++;
  addon().release(handle);
});

/**
 * A tensor's identity and memory, without operators: those are generated into `Tensor`.
 * A tensor belongs to the innermost scope open when it was made, or to nobody.
 */
export abstract class TensorHandle implements Disposable {
  /** The addon's handle; 0 once freed. */
  handle: Handle;
  #scope: Scope | null;
  #madeAt: string | undefined;

  constructor(handle: Handle) {
    this.handle = handle;
    this.#scope = current;
    if (current) current.tensors.push(this);
    else net.register(this, handle, this);
    if (trace) this.#madeAt = new Error().stack;
  }

  /** Sizes by axis. Costs a call: read it once. */
  get shape(): number[] {
    return addon().sizes(this.alive());
  }

  get dtype(): DType {
    return dtypeOf(addon().dtype(this.alive()));
  }

  get device(): Device {
    return addon().device(this.alive());
  }

  /** The number of elements. */
  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  get disposed(): boolean {
    return this.handle === 0;
  }

  /** The gradient accumulated so far, or null. A new tensor object at each call. */
  get grad(): this | null {
    const handle = addon().grad(this.alive());
    return handle ? this.sibling(handle) : null;
  }

  set grad(gradient: TensorHandle | null) {
    addon().setGrad(this.alive(), gradient ? gradient.alive() : null);
  }

  get requiresGrad(): boolean {
    return addon().requiresGrad(this.alive());
  }

  set requiresGrad(on: boolean) {
    addon().setRequiresGrad(this.alive(), on);
  }

  /** Accumulates d(this)/d(leaf) into every leaf's `grad`; `gradient` is d(loss)/d(this), 1 where this is a scalar. */
  backward(gradient?: TensorHandle, options: { retainGraph?: boolean } = {}): void {
    addon().backward(this.alive(), gradient ? gradient.alive() : null, options.retainGraph ?? false);
  }

  /** The value of a tensor with one element. Waits for the device. */
  item(): number {
    return addon().item(this.alive());
  }

  /** Leaves every scope: the caller now frees it. */
  keep(): this {
    const handle = this.alive();
    if (this.#scope) {
      this.#scope = null;
      net.register(this, handle, this);
    }
    return this;
  }

  /** Frees this tensor now. Doing so twice is harmless; what autograd saved stays until its graph goes. */
  dispose(): void {
    if (this.handle === 0) return;
    if (this.#scope === null) net.unregister(this);
    addon().release(this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The handle, or an error that says who is using a freed tensor. */
  alive(): Handle {
    if (this.handle !== 0) return this.handle;
    const made = this.#madeAt ? `\nmade at:\n${this.#madeAt}` : '';
    throw new PosttrainError(
      'tensor-disposed',
      `this tensor was freed${this.#scope ? ` with the scope "${this.#scope.label}"` : ''}${made}`,
      {
        help: 'return it from its scope, or keep() it. POSTTRAIN_TRACE=1 shows where it was made.',
      },
    );
  }

  /** Raw bytes of a contiguous CPU tensor, from `offset` bytes on, into `target`. */
  readBytes(target: NodeJS.TypedArray, offset = 0): void {
    addon().readBytes(this.alive(), offset, target);
  }

  protected sibling(handle: Handle): this {
    return new (this.constructor as new (handle: Handle) => this)(handle);
  }

  static open(label: string): Scope {
    const opened: Scope = { label, parent: current, tensors: [] };
    current = opened;
    if (trace) queueMicrotask(() => TensorHandle.#refuseAwait(opened));
    return opened;
  }

  /** Closes `scope` and those opened inside it; tensors in `result` pass to the parent. */
  static close(scope: Scope, result: unknown): void {
    current = scope.parent;
    if (result !== undefined && result !== null) handOver(result, scope);
    const freed: Handle[] = [];
    for (const tensor of scope.tensors) {
      if (tensor.#scope !== scope || tensor.handle === 0) continue;
      freed.push(tensor.handle);
      tensor.handle = 0;
    }
    if (freed.length > 0) addon().releaseAll(freed);
  }

  /** Moves a tensor that leaves `from` to the enclosing scope. */
  passOn(from: Scope): void {
    if (this.#scope !== from) return;
    this.#scope = from.parent;
    if (from.parent) from.parent.tensors.push(this);
    else net.register(this, this.handle, this);
  }

  static #refuseAwait(opened: Scope): void {
    for (let open = current; open; open = open.parent) {
      if (open === opened)
        throw new PosttrainError('scope-async', `the scope "${opened.label}" was still open after an await`);
    }
  }

  /** Tensors freed by the garbage collector because nobody else did. */
  static get collectedByGc(): number {
    return collected;
  }
}

function handOver(value: unknown, scope: Scope): void {
  if (value instanceof TensorHandle) value.passOn(scope);
  else if (Array.isArray(value)) for (const element of value) handOver(element, scope);
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const element of Object.values(value)) handOver(element, scope);
}

/** A typed array of the elements' own width, for copying in or out. */
export function arrayFor(dtype: DType, count: number): NodeJS.TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(count);
    case 'float64':
      return new Float64Array(count);
    case 'int64':
      return new BigInt64Array(count);
    case 'int32':
      return new Int32Array(count);
    case 'int16':
      return new Int16Array(count);
    case 'int8':
      return new Int8Array(count);
    case 'bool':
    case 'uint8':
      return new Uint8Array(count);
    case 'bfloat16':
    case 'float16':
      return new Uint16Array(count);
  }
}

export { dtypeCode, dtypeWidth };
