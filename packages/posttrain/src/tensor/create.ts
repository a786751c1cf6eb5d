import { addon } from '../native/binding.ts';
import { PosttrainError } from '../support/errors.ts';
import { type Device, type DType, dtypeCode, dtypeWidth } from './dtype.ts';
import { arrayFor } from './handle.ts';
import { Tensor } from './tensor.generated.ts';

/** Numbers as a tensor. JavaScript numbers make float32; integers are asked for: `tensor(ids, { dtype: 'int64' })`. */
export function tensor(
  values: ArrayLike<number>,
  options: { shape?: readonly number[]; dtype?: DType; device?: Device } = {},
): Tensor {
  const dtype = options.dtype ?? 'float32';
  const shape = options.shape ?? [values.length];
  const made = fromTyped(
    toTyped(values, dtype),
    shape,
    dtype === 'bfloat16' || dtype === 'float16' ? 'float32' : dtype,
  );
  const cast = made.dtype === dtype ? made : made.toDtype(dtype);
  return options.device && options.device !== 'cpu' ? moveTo(cast, options.device) : cast;
}

/** A tensor with a copy of an array's bytes, taken as elements of `dtype`. @throws shape if the byte count does not fit. */
export function fromTyped(values: NodeJS.TypedArray, shape: readonly number[], dtype: DType): Tensor {
  const needed = shape.reduce((product, size) => product * size, 1) * dtypeWidth(dtype);
  if (needed !== values.byteLength)
    throw new PosttrainError(
      'shape',
      `[${shape.join(', ')}] ${dtype} needs ${needed} bytes; the array has ${values.byteLength}`,
    );
  return new Tensor(addon().fromBytes(values, dtypeCode(dtype), shape));
}

/** The same values on another device; itself where it is there already. */
export function moveTo(source: Tensor, device: Device): Tensor {
  return source.device === device ? source : source.toDevice(device, source.dtype);
}

/** All elements in row-major order. int64 comes back as numbers. @throws shape for an integer beyond 2^53. */
export function toArray(source: Tensor): number[] {
  return [...toFloat64(source)];
}

/** All elements in row-major order, as float64. */
export function toFloat64(source: Tensor): Float64Array | number[] {
  const values = toTypedArray(source);
  if (!(values instanceof BigInt64Array))
    return values instanceof Float64Array ? values : Array.from(values as Int32Array);
  return Array.from(values, (value) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new PosttrainError('shape', `${value} is beyond 2^53; read it with toTypedArray`);
    return number;
  });
}

/** A copy of the elements in an array of their own width; bfloat16 and float16 are widened to float32. */
export function toTypedArray(source: Tensor): NodeJS.TypedArray {
  const half = source.dtype === 'bfloat16' || source.dtype === 'float16';
  const made: Tensor[] = [];
  const step = (next: Tensor) => {
    made.push(next);
    return next;
  };
  try {
    let plain = source.device === 'cpu' ? source : step(source.toDevice('cpu', source.dtype));
    if (half) plain = step(plain.toDtype('float32'));
    plain = step(plain.contiguous());
    const out = arrayFor(half ? 'float32' : source.dtype, source.count);
    plain.readBytes(out);
    return out;
  } finally {
    for (const temporary of made) if (temporary !== source) temporary.dispose();
  }
}

function toTyped(values: ArrayLike<number>, dtype: DType): NodeJS.TypedArray {
  const kind = dtype === 'bfloat16' || dtype === 'float16' ? 'float32' : dtype;
  const target = arrayFor(kind, values.length);
  if (target instanceof BigInt64Array) for (let i = 0; i < values.length; i++) target[i] = BigInt(values[i]!);
  else (target as Float32Array).set(values);
  return target;
}
