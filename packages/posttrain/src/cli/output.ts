import { type Palette, palette, wantsColour } from '../support/terminal/colours.ts';
import { StatusLine } from '../support/terminal/status-line.ts';

export interface OutputOptions {
  /** Standard output carries JSON and nothing else. */
  readonly json: boolean;
  /** No progress; results, warnings and errors only. */
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Where a command writes: results to standard output, everything about their making to standard error. */
export interface Output extends OutputOptions {
  /** Columns for tables and plots on standard output. */
  readonly width: number;
  /** Colours for standard output. */
  readonly colours: Palette;
  /** Colours for standard error. */
  readonly noteColours: Palette;
  readonly status: StatusLine;
  result(text: string): void;
  /** One JSON document or line. */
  data(value: unknown): void;
  /** Something worth knowing on the way, above the live line. */
  note(text: string): void;
  warn(text: string): void;
  /** Shows progress, unless quiet. */
  progress(render: (width: number) => string): void;
}

/** A file or a pipe gets tables of this width, whatever terminal the command was started from. */
const widthWithoutTerminal = 120;
const widestPage = 140;

export function createOutput(options: OutputOptions, env: NodeJS.ProcessEnv = process.env): Output {
  const { stdout, stderr } = process;
  const noteColours = palette(wantsColour(stderr, env));
  // Log collectors of CI systems may offer a pseudo-terminal, but nobody watches it live.
  const status = new StatusLine({ stream: stderr, live: stderr.isTTY === true && !env.CI && env.TERM !== 'dumb' });
  return {
    ...options,
    width: stdout.isTTY ? Math.min(stdout.columns, widestPage) : widthWithoutTerminal,
    colours: palette(wantsColour(stdout, env)),
    noteColours,
    status,
    result: (text) => void stdout.write(`${text}\n`),
    data: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => {
      if (!options.quiet) status.print(text);
    },
    warn: (text) => status.print(`${noteColours.yellow('warning')} ${text}`),
    progress: (render) => {
      if (!options.quiet) status.update(render);
    },
  };
}
