import type { ReadStream } from 'node:tty';

const controlC = '\u0003';
const controlD = '\u0004';

/**
 * Single keys as they are pressed, in lower case: of a terminal without waiting for Enter, of a pipe character by character. Line ends
 * are no keys. Ctrl-C and Ctrl-D of a terminal, and the end of a pipe, end it.
 */
export async function* readKeys(input: NodeJS.ReadStream): AsyncGenerator<string> {
  const terminal = input.isTTY ? (input as ReadStream) : undefined;
  terminal?.setRawMode(true);
  input.setEncoding('utf8');
  try {
    for await (const chunk of input as AsyncIterable<string>) {
      for (const key of chunk) {
        if (key === controlC || key === controlD) return;
        if (key.trim() !== '') yield key.toLowerCase();
      }
    }
  } finally {
    terminal?.setRawMode(false);
    input.pause();
  }
}
