#!/usr/bin/env node
import { runCommandLine } from './program.ts';

/** What a shell shows for a program that SIGPIPE ended. Node ignores that signal and gives an error instead. */
const readerGone = 141;

// `posttrain runs list | head` closes the pipe while we write. Nobody is left to tell, so that is the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(readerGone);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
