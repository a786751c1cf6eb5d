/** Element types, by PyTorch's names. */
export type DType =
  | 'float32'
  | 'bfloat16'
  | 'float16'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** A device string as PyTorch writes it: `cpu`, `cuda:0`, `mps`. */
export type Device = string;

/** c10::ScalarType's numbers. */
const codes: Readonly<Record<DType, number>> = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
};
const names = new Map(Object.entries(codes).map(([name, code]) => [code, name as DType]));
const widths: Readonly<Record<DType, number>> = {
  uint8: 1,
  int8: 1,
  bool: 1,
  int16: 2,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  float32: 4,
  int64: 8,
  float64: 8,
};

export function dtypeCode(dtype: DType): number {
  return codes[dtype];
}

export function dtypeOf(code: number): DType {
  const name = names.get(code);
  if (!name) throw new RangeError(`libtorch's element type ${code} has no name here`);
  return name;
}

/** Bytes of one element. */
export function dtypeWidth(dtype: DType): number {
  return widths[dtype];
}

export function isFloating(dtype: DType): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16';
}
