import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memory, ones, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { Embedding } from './embedding.ts';
import { Linear } from './linear.ts';
import { Module, snakeCase } from './module.ts';

class Block extends Module<[x: Tensor], Tensor> {
  inputNorm: Tensor = ones([2]).keep();
  upProj = new Linear(2, 3, { bias: true });
  readonly scale = 2;
  readonly #half = 0.5;

  override forward(x: Tensor): Tensor {
    return this.upProj.call(x.mul(this.inputNorm)).mul(this.scale).mul(this.#half);
  }
}

class Stack extends Module<[x: Tensor], Tensor> {
  embedTokens = new Embedding(5, 2);
  layers = [new Block(), new Block()];
  lmHead?: Linear;

  constructor(tied: boolean) {
    super();
    if (!tied) this.lmHead = new Linear(3, 5);
  }

  override forward(tokens: Tensor): Tensor {
    const states = this.layers[0]!.call(this.embedTokens.call(tokens));
    return states.matmul(this.lmHead?.weight.t() ?? ones([3, 5]));
  }
}

const names = (module: Module<never>) => [...module.namedParameters()].map(([name]) => name);

test('camelCase properties are the snake_case of checkpoints', () => {
  assert.deepEqual(['embedTokens', 'q', 'postAttentionLayernorm', 'w1'].map(snakeCase), [
    'embed_tokens',
    'q',
    'post_attention_layernorm',
    'w1',
  ]);
});

test('parameters are named by their path: tensors, parts and lists of parts; private fields and numbers are not parameters', () =>
  assertNoLeak(() => {
    using stack = new Stack(false);
    assert.deepEqual(names(stack), [
      'embed_tokens.weight',
      'layers.0.input_norm',
      'layers.0.up_proj.weight',
      'layers.0.up_proj.bias',
      'layers.1.input_norm',
      'layers.1.up_proj.weight',
      'layers.1.up_proj.bias',
      'lm_head.weight',
    ]);
    assert.equal(stack.parameters().length, 8);
    using tied = new Stack(true);
    assert.deepEqual(
      names(tied).filter((name) => name.includes('head')),
      [],
    );
  }));

test('replaceParameters puts the new tensor in place, frees the old one, and leaves what it is given back alone', () =>
  assertNoLeak(() => {
    using block = new Block();
    const [norm, weight] = [block.inputNorm, block.upProj.weight];
    const seen: string[] = [];
    const before = memory().live;
    scope(() =>
      block.replaceParameters((name, current) => {
        seen.push(name);
        return name === 'up_proj.weight' ? tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] }) : current;
      }),
    );
    assert.deepEqual(seen, ['input_norm', 'up_proj.weight', 'up_proj.bias']);
    assert.equal(block.inputNorm, norm);
    assert.equal(weight.disposed, true);
    assert.deepEqual(toArray(block.upProj.weight), [1, 2, 3, 4, 5, 6]);
    assert.equal(memory().live, before);
  }));

test('a parameter made under autograd is a leaf: replacing is not part of any graph', () =>
  assertNoLeak(() => {
    using linear = new Linear(2, 2);
    linear.requireGrad(true);
    linear.replaceParameters((_, current) => current.mul(2));
    assert.equal(linear.weight.requiresGrad, false);
    linear.requireGrad(true);
    scope(() =>
      linear
        .call(ones([1, 2]))
        .sumAll()
        .backward(),
    );
    assert.deepEqual(
      scope(() => toArray(linear.weight.grad!)),
      [1, 1, 1, 1],
    );
    linear.weight.grad = null;
  }));

test('call frees what forward made, except what it returns', () =>
  assertNoLeak(() => {
    using block = new Block();
    block.replaceParameters((_, current) => ones(current.shape));
    scope(() => {
      const x = tensor([1, 2], { shape: [1, 2] });
      const before = memory().live;
      const y = block.call(x);
      assert.equal(memory().live, before + 1);
      assert.deepEqual(toArray(y), [4, 4, 4]); // (1·1 + 2·1 + 1) · 2 · ½
    });
  }));

test('a linear layer computes in the type of its weight, with the bias in it', () =>
  assertNoLeak(() => {
    using linear = new Linear(2, 1, { bias: true });
    linear.replaceParameters((name) => (name === 'bias' ? tensor([0.5]) : tensor([3, -1], { shape: [1, 2] })));
    scope(() => {
      assert.equal(linear.call(tensor([2, 4], { shape: [1, 2] })).item(), 2.5);
      linear.replaceParameters((_, current) => current.toDtype('bfloat16'));
      const y = linear.call(tensor([2, 4], { shape: [1, 2] }));
      assert.equal(y.dtype, 'bfloat16');
      assert.equal(y.item(), 2.5);
    });
  }));

test('disposing frees every parameter once', () =>
  assertNoLeak(() => {
    const stack = new Stack(true);
    const all = stack.parameters();
    stack[Symbol.dispose]();
    assert.ok(all.every(({ disposed }) => disposed));
    stack[Symbol.dispose]();
  }));
