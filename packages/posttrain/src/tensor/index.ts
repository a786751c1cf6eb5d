/** Tensors on libtorch: synchronous, in this process. Heavy work here blocks the event loop; `train` and `loadModel` do not. */
export { fromTyped, moveTo, tensor, toArray, toTypedArray } from './create.ts';
export { type Device, type DType, dtypeWidth, isFloating } from './dtype.ts';
export { onednnLinear } from './onednn-linear.ts';
export { build, manualSeed, rngState, setRngState, setThreads, threads, trimMemory } from './runtime.ts';
export { readSafetensorsHeader, SafetensorsFile, type StoredTensor, writeSafetensors } from './safetensors.ts';
export { enableGrad, memory, type NotAsync, noGrad, openScope, scope } from './scope.ts';
export * from './tensor.generated.ts';
