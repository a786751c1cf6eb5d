/** What setup is doing. `plan` announces the sizes before a download; `wait` means that another process is at it. */
export type SetupPhase = 'find' | 'wait' | 'plan' | 'download' | 'extract' | 'compile' | 'link' | 'done';

/** `done` and `total` are bytes while fetching and files while compiling; a total of 0 means unknown. */
export interface SetupProgress {
  readonly phase: SetupPhase;
  readonly done: number;
  readonly total: number;
  readonly detail?: string | undefined;
  /** With `plan`: bytes that the result takes on the disk. */
  readonly disk?: number | undefined;
}

export type OnSetupProgress = (progress: SetupProgress) => void;

const verbs: Record<SetupPhase, string> = {
  find: 'looking for libtorch',
  wait: 'waiting for another process',
  plan: 'libtorch',
  download: 'downloading libtorch',
  extract: 'unpacking libtorch',
  compile: 'compiling the addon',
  link: 'linking the addon',
  done: 'the engine is ready',
};

/** One line for people, without a line end: `downloading libtorch  40 of 131 MB`. */
export function formatProgress({ phase, done, total, detail, disk }: SetupProgress): string {
  const verb = verbs[phase];
  if (phase === 'plan') return `${verb}: ${megabytes(total)} to download, ${megabytes(disk ?? 0)} on disk (${detail})`;
  const bytes = phase === 'download' || phase === 'extract';
  const amount = total === 0 ? '' : bytes ? `${megabytes(done)} of ${megabytes(total)}` : `${done} of ${total} files`;
  return [verb, amount, detail].filter(Boolean).join('  ');
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
