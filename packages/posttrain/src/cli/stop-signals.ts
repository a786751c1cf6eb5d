import { type ExitCode, exitCode } from './exit-codes.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export const signalExitCode = { SIGINT: exitCode.sigint, SIGTERM: exitCode.sigterm } as const satisfies Record<
  StopSignal,
  ExitCode
>;

export interface StopWatch extends Disposable {
  /** The signal that came, if one did. */
  readonly received: StopSignal | undefined;
}

/**
 * The first Ctrl-C (or SIGTERM) asks for a stop, the second leaves at once: whatever is half done is left to the run
 * folder, which is safe to lose at any moment.
 */
export function watchStopSignals(onFirst: (signal: StopSignal) => void): StopWatch {
  let received: StopSignal | undefined;
  const handler = (signal: StopSignal) => {
    if (received !== undefined) process.exit(signalExitCode[signal]);
    received = signal;
    onFirst(signal);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    get received() {
      return received;
    },
    [Symbol.dispose]() {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
