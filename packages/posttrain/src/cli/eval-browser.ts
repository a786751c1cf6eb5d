import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import type { Output } from './output.ts';

/** Shows a file in the reader's browser; where that cannot be done, the path is in the output anyway. */
export function openInBrowser(file: string, output: Output): void {
  const [command, args] =
    platform() === 'darwin' ? ['open', [file]] : platform() === 'win32' ? ['explorer', [file]] : ['xdg-open', [file]];
  const child = spawn(command as string, args as string[], { detached: true, stdio: 'ignore' });
  child.on('error', () => output.warn(`no browser could be started; open ${file}`));
  child.unref();
}
