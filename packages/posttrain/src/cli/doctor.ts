import type { Paint, Palette } from '../support/terminal/colours.ts';
import { table } from '../support/terminal/table.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { type Check, loadLibrary } from './library.ts';
import type { Output } from './output.ts';

export async function doctorCommand(output: Output): Promise<ExitCode> {
  const { doctor } = await loadLibrary();
  const checks = await doctor();
  const failed = checks.filter((check) => check.status === 'fail').length;
  if (output.json) output.data({ ok: failed === 0, checks });
  else output.result(renderChecks(checks, output.colours, output.width));
  return failed === 0 ? exitCode.ok : exitCode.environment;
}

const words: Record<Check['status'], string> = { ok: 'ok', warn: 'note', fail: 'missing' };

/** The checks as a table, with what to do below each that needs it, and a last line that says how it stands. */
export function renderChecks(checks: readonly Check[], colours: Palette, width: number): string {
  const paints: Record<Check['status'], Paint> = { ok: colours.green, warn: colours.yellow, fail: colours.red };
  const rows = checks.flatMap((check) => {
    const { name, status, detail, help } = check;
    const line = { name, status, text: detail, advice: false };
    return help === undefined ? [line] : [line, { name: '', status, text: `→ ${help}`, advice: true }];
  });
  const body = table(
    rows,
    [
      { title: 'check', value: (row) => row.name },
      { title: 'state', value: (row) => (row.advice ? '' : words[row.status]), paint: (row) => paints[row.status] },
      {
        title: 'found',
        value: (row) => row.text,
        flexible: 'wrap',
        paint: (row) => (row.advice ? colours.cyan : (text) => text),
      },
    ],
    { width, heading: colours.dim },
  );
  return `${body}\n\n${verdict(checks)}`;
}

function verdict(checks: readonly Check[]): string {
  const failed = checks.filter((check) => check.status === 'fail').map((check) => check.name);
  if (failed.length > 0) return `Not ready to train: ${failed.join(', ')}.`;
  return 'Ready to train.';
}
