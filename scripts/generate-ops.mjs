// Writes packages/posttrain/src/tensor/tensor.generated.ts: typed wrappers for the operators in use, from libtorch's own schemas.
// Run after changing scripts/ops.mjs: node scripts/generate-ops.mjs   (needs a build and `posttrain setup`)
import { writeFileSync } from 'node:fs';
import { factories, functions, methods } from './ops.mjs';

const { addon } = await import('../packages/posttrain/dist/native/binding.js');

const types = [
  [/^Tensor\?\[\]$/, 'readonly (Tensor | null)[]', (v) => `${v}.map((t) => (t ? t.alive() : null))`],
  [/^Tensor(\(.*\))?\[\]$/, 'readonly Tensor[]', (v) => `${v}.map(alive)`],
  [/^Tensor(\(.*\))?$/, 'Tensor', (v) => `${v}.alive()`],
  [/^(Sym)?Int\[\d*\]$/i, 'readonly number[]', (v) => v],
  [/^float\[\d*\]$/, 'readonly number[]', (v) => v],
  [/^Scalar\[\]$/, 'readonly number[]', (v) => v],
  [/^bool\[\d*\]$/, 'readonly boolean[]', (v) => v],
  [/^(Sym)?Int$/i, 'number', (v) => v],
  [/^float$/, 'number', (v) => v],
  [/^Scalar$/, 'number', (v) => v],
  [/^bool$/, 'boolean', (v) => v],
  [/^str$/, 'string', (v) => v],
  [/^ScalarType$/, 'DType', (v) => `dtypeCode(${v})`],
  [/^Device$/, 'Device', (v) => v],
];

const camel = (name) => name.replace(/^_+/, '').replace(/_(\w)/g, (_, c) => c.toUpperCase());
const reserved = new Set(['function', 'in', 'with', 'default']);

function parse(op) {
  const [path, overload = ''] = op.split('.');
  const name = path.includes('::') ? path : `aten::${path}`;
  const schema = addon().schemaOf(addon().findOp(name, overload));
  const [, list, result] = /^[^(]*\((.*)\) -> (.*)$/.exec(schema);
  const args = [];
  for (const part of splitArguments(list)) {
    if (part === '*') continue;
    const [, rawType, argName, fallback] = /^(.+?) (\w+)(?:=(.*))?$/.exec(part);
    const optional = rawType.endsWith('?');
    const type = optional ? rawType.slice(0, -1) : rawType;
    const found = types.find(([pattern]) => pattern.test(type));
    const local = reserved.has(argName) ? `${argName}_` : camel(argName);
    args.push({
      name: local,
      optional: optional || fallback !== undefined,
      known: found !== undefined,
      ts: found?.[1],
      pass: found?.[2],
    });
  }
  return { op, name, overload, schema, args, result };
}

function splitArguments(list) {
  const parts = [];
  let depth = 0,
    start = 0;
  for (let i = 0; i <= list.length; i++) {
    const c = list[i];
    if (c === '(' || c === '[') depth++;
    if (c === ')' || c === ']') depth--;
    if (i === list.length || (c === ',' && depth === 0)) {
      const part = list.slice(start, i).trim();
      if (part) parts.push(part);
      start = i + 1;
    }
  }
  return parts;
}

/** TypeScript type and wrapping of what the operator returns. */
function resultOf({ result, schema }, self) {
  if (/^Tensor\(\w!\)$/.test(result))
    return { type: self, wrap: (call) => `${call};\n${indent}  return ${self === 'this' ? 'this' : 'out'};` };
  if (result === '()') return { type: 'void', wrap: (call) => `${call};` };
  if (/^Tensor(\(\w( -> \*)?\))?\[\]$/.test(result))
    return { type: 'Tensor[]', wrap: (call) => `return (${call} as Handle[]).map(made);` };
  if (/^Tensor(\(\w\))?$/.test(result)) return { type: 'Tensor', wrap: (call) => `return new Tensor(${call});` };
  if (/^\((Tensor[^,]*, )+Tensor[^,]*\)$/.test(result)) {
    const n = result.split(',').length;
    return {
      type: `[${Array(n).fill('Tensor').join(', ')}]`,
      wrap: (call) => `return (${call} as Handle[]).map(made) as [${Array(n).fill('Tensor').join(', ')}];`,
    };
  }
  if (result === 'Scalar' || result === 'int' || result === 'float')
    return { type: 'number', wrap: (call) => `return ${call};` };
  if (result === 'bool') return { type: 'boolean', wrap: (call) => `return ${call};` };
  throw new Error(`result of ${schema} not handled`);
}

let indent = '  ';
const ids = new Map();
function id({ op, name, overload }) {
  const variable = `$${op.replace(/\.|::/, '_')}`;
  ids.set(variable, [name, overload]);
  return `(${variable} ||= find('${name}', '${overload}'))`;
}

/** Arguments that JavaScript cannot pass (generators, layouts) are left at their defaults; nothing may follow them. */
function usable(args) {
  const end = args.findIndex((a) => !a.known);
  const rest = end < 0 ? args : args.slice(0, end);
  if (end >= 0 && args.slice(end).some((a) => !a.optional)) throw new Error('a required argument cannot be passed');
  return rest;
}

function signature(args) {
  return args
    .map((a, i) => {
      const trailing = args.slice(i).every((x) => x.optional);
      return trailing ? `${a.name}?: ${a.ts} | null` : `${a.name}: ${a.ts}${a.optional ? ' | null' : ''}`;
    })
    .join(', ');
}

function passed(args) {
  return args.map((a) => {
    const plain = a.pass(a.name);
    return a.optional && plain !== a.name ? `${a.name} == null ? null : ${plain}` : a.name === plain ? a.name : plain;
  });
}

function method([tsName, ...ops]) {
  const parsed = ops.map(parse);
  const out = [];
  if (parsed.length === 2) {
    // a tensor and a number as the second operand
    const [onTensor, onScalar] = parsed;
    const [, first, ...rest] = usable(onTensor.args);
    const scalarRest = usable(onScalar.args).slice(2);
    const both = rest.filter((a) => scalarRest.some((b) => b.name === a.name));
    const result = resultOf(onTensor, 'this');
    const tail = passed(both)
      .map((p) => `, ${p}`)
      .join('');
    const callT = `call(${id(onTensor)}, this.alive(), ${first.name}.alive()${tail})`;
    const callS = `call(${id(onScalar)}, this.alive(), ${first.name}${tail})`;
    out.push(`  /** ${onTensor.schema} */`);
    out.push(
      `  ${tsName}(${[`${first.name}: Tensor | number`, signature(both)].filter(Boolean).join(', ')}): ${result.type} {`,
    );
    indent = '  ';
    if (result.type === 'this')
      out.push(`    if (typeof ${first.name} === 'number') ${callS};`, `    else ${callT};`, '    return this;');
    else out.push(`    return new Tensor(typeof ${first.name} === 'number' ? ${callS} : ${callT});`);
    out.push('  }');
    return out.join('\n');
  }
  const [p] = parsed;
  const args = usable(p.args).slice(1);
  const result = resultOf(p, 'this');
  indent = '  ';
  out.push(`  /** ${p.schema} */`);
  out.push(`  ${tsName}(${signature(args)}): ${result.type} {`);
  out.push(`    ${result.wrap(`call(${[id(p), 'this.alive()', ...passed(args)].join(', ')})`)}`);
  out.push('  }');
  return out.join('\n');
}

function fn([tsName, op]) {
  const p = parse(op);
  const args = usable(p.args);
  const result = resultOf(p, 'Tensor');
  indent = '';
  return [
    `/** ${p.schema} */`,
    `export function ${tsName}(${signature(args)}): ${result.type} {`,
    `  ${result.wrap(`call(${[id(p), ...passed(args)].join(', ')})`)}`,
    '}',
  ].join('\n');
}

/** aten factories take (dtype, layout, device, pin_memory); ours take dtype and device. */
function factory([tsName, op]) {
  const p = parse(op);
  const own = p.args.filter((a) => a.known && !['dtype', 'device', 'pinMemory'].includes(a.name));
  const values = p.args.map((a) =>
    a.name === 'dtype'
      ? 'options.dtype === undefined ? null : dtypeCode(options.dtype)'
      : a.name === 'device'
        ? 'options.device'
        : own.includes(a)
          ? a.pass(a.name)
          : 'null',
  );
  const last = values.findLastIndex((v) => v !== 'null');
  return [
    `/** ${p.schema} */`,
    `export function ${tsName}(${[signature(own.filter((a) => !a.optional)), 'options: { dtype?: DType; device?: Device } = {}'].filter(Boolean).join(', ')}): Tensor {`,
    `  return new Tensor(call(${[id(p), ...values.slice(0, last + 1).map((v, i) => (p.args[i].optional && own.includes(p.args[i]) ? 'null' : v))].join(', ')}));`,
    '}',
  ].join('\n');
}

const body = [
  "/** A tensor. Methods carry ATen's own names in camelCase; a trailing `_` changes the tensor in place and returns it. */",
  'export class Tensor extends TensorHandle {',
  methods.map(method).join('\n\n'),
  '}',
  '',
  [...functions.map(fn), ...factories.map(factory)].join('\n\n'),
].join('\n');

const head = `// Generated by scripts/generate-ops.mjs from libtorch's schemas. Do not edit.
import { type Addon, addon, type Handle } from '../native/binding.ts';
import { type Device, type DType, dtypeCode } from './dtype.ts';
import { TensorHandle } from './handle.ts';

${[...ids.keys()]
  .sort()
  .map((v) => `let ${v} = 0;`)
  .join('\n')}

/** The addon's own function once it is loaded; until then one that loads it. */
let call: Addon['call'] = (op, ...args) => addon().call(op, ...args);

/** Operators are numbered from 1 on: the first call of each finds it. */
function find(name: string, overload: string): number {
  const native = addon();
  call = native.call;
  return native.findOp(name, overload);
}

function made(handle: Handle): Tensor {
  return new Tensor(handle);
}

function alive(tensor: Tensor): Handle {
  return tensor.alive();
}
`;
writeFileSync(new URL('../packages/posttrain/src/tensor/tensor.generated.ts', import.meta.url), `${head}\n${body}\n`);
