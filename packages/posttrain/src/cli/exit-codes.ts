import type { PosttrainErrorCode } from '../support/errors.ts';

/** What the shell gets. 4 is for an evaluation below its threshold; 130 and 143 follow a signal, after a checkpoint. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  environment: 3,
  belowThreshold: 4,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Codes that do not end in 1: the user's call or recipe (2), and the machine (3). */
const byErrorCode: Partial<Record<PosttrainErrorCode, ExitCode>> = {
  usage: exitCode.usage,
  'recipe-invalid': exitCode.usage,
  'study-invalid': exitCode.usage,
  'addon-build-failed': exitCode.environment,
  'compiler-missing': exitCode.environment,
  'folder-unsafe': exitCode.environment,
  'pip-missing': exitCode.environment,
  'python-missing': exitCode.environment,
  'torch-download-failed': exitCode.environment,
  'torch-missing': exitCode.environment,
  'torch-unsupported': exitCode.environment,
};

export function exitCodeOf(code: PosttrainErrorCode): ExitCode {
  return byErrorCode[code] ?? exitCode.failed;
}
