import { addon } from '../native/binding.ts';
import type { Device } from './dtype.ts';
import { Tensor } from './tensor.generated.ts';

/** Sets how many threads libtorch computes with, for this process. */
export function setThreads(count: number): void {
  addon().setThreads(count);
}

export function threads(): number {
  return addon().threads();
}

/** Starts the device's random numbers anew. */
export function manualSeed(seed: number, device: Device = 'cpu'): void {
  addon().manualSeed(device, seed);
}

/** The state of the device's random numbers as a tensor of bytes; set it back with `setRngState`. */
export function rngState(device: Device = 'cpu'): Tensor {
  return new Tensor(addon().rngState(device));
}

export function setRngState(state: Tensor, device: Device = 'cpu'): void {
  addon().setRngState(device, state.alive());
}

/** libtorch's version, the CPU level its kernels chose, and whether it was built with CUDA. */
export function build(): { torch: string; cpu: string; cuda: boolean } {
  return addon().build();
}

/** Gives memory that is kept and that nothing uses back to the system (Linux); what comes next pays its page faults anew. */
export function trimMemory(): void {
  addon().trim();
}
