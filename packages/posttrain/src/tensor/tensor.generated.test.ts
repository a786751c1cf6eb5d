import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addon } from '../native/binding.ts';

const source = fileURLToPath(new URL('../../src/tensor/tensor.generated.ts', import.meta.url));

test('every generated wrapper carries the schema that this libtorch has', () => {
  const text = readFileSync(source, 'utf8');
  const ops = [...text.matchAll(/find\('(\w+::\w+)', '(\w*)'\)/g)].map(
    ([, name, overload]) => [name!, overload!] as const,
  );
  const documented = new Set([...text.matchAll(/^ *\/\*\* (\w+::.*) \*\/$/gm)].map(([, schema]) => schema));
  const found = ops.map(([name, overload]) => addon().schemaOf(addon().findOp(name, overload)));
  // A method that takes a tensor or a number documents the tensor's overload.
  const missing = found.filter((schema) => !documented.has(schema) && !schema.includes('.Scalar('));
  assert.ok(ops.length > 100);
  assert.deepEqual(missing, [], 'run node scripts/generate-ops.mjs');
});
