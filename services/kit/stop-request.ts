import type { ServiceEnvironment } from './environment.ts';

/**
 * Calls back once when the process is asked to stop: SIGTERM, SIGINT, or the end of standard input where a supervisor
 * holds its other end (a supervisor that is killed can't send a signal, but its pipes close). A second signal ends the
 * process at once.
 */
export function onStopRequest(
  environment: Pick<ServiceEnvironment, 'supervised'>,
  stop: (reason: string) => void,
): void {
  let stopping = false;
  const request = (reason: string) => {
    if (stopping) return;
    stopping = true;
    stop(reason);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => (stopping ? process.exit(1) : request(signal)));
  }
  if (environment.supervised) watchInput(request);
}

function watchInput(request: (reason: string) => void): void {
  const gone = () => request('the supervisor is gone');
  process.stdin.on('end', gone).on('close', gone).on('error', gone).resume();
}
