/** The process of `portway`: its arguments, environment and streams are handed over here, and its exit code is taken back. */

import { runCommandLine } from './cli/command-line.ts';

// A reader that has seen enough (`portway check | head`) is no fault of ours.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  process,
  // Loaded where it is needed: help and checks answer without a web framework.
  startGateway: async (options) => (await import('./gateway.ts')).startGateway(options),
});

// Nothing should be left to wait for. If something is, the stop that was asked for must not wait for it.
setTimeout(() => process.exit(), 1000).unref();
