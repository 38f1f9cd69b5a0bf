import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../testing/free-port.ts';
import { ask, Load } from '../../testing/load.ts';
import type { Fault } from '../fault.ts';
import { failuresOf } from './replacement.ts';

/** It says where it is, answers for a moment, and dies. */
const dying = `require('node:http').createServer((_, answer) => answer.end('alive')).listen(process.env.PORT, '127.0.0.1'); console.log('I am ' + process.pid); setTimeout(() => process.exit(3), 150)`;

export const restartLoop: readonly Fault[] = [
  {
    id: 'restart-loop',
    done: '`portway dev` runs a service that dies 150 ms after each start',
    holds:
      'it is started again and again, ever later; its route answers 200 or 502; the other route does not notice; at the end no process is left',
    async run(stage, seen) {
      const service = await stage.service();
      const port = await freePort();
      const gateway = await stage.gateway(
        `routes: { /dying: ${port}, /one: 127.0.0.1:${service.ports.http} }
services:
  dying: { run: '"${process.execPath}" -e "$DYING"', port: ${port}, env: { DYING: ${JSON.stringify(dying)} } }
`,
        { command: 'dev' },
      );
      const load = new Load({ port: gateway.port, target: () => '/one/ok', clients: 4, pauseMs: 10 });
      const statuses = new Set<string>();
      const seconds = stage.either(4, 20);
      for (const end = performance.now() + seconds * 1_000; performance.now() < end; await pause(40)) {
        const { status, broke } = await ask(gateway.port, '/dying/');
        statuses.add(String(status ?? broke));
      }
      const asked = await load.stop();
      // A line is told again with the end of its process.
      const pids = gateway.process.log.text().match(/I am \d+/g);
      const starts = new Set(pids).size;
      seen.atLeast('starts', starts, 3);
      seen.atMost(`in ${seconds} s`, starts, 6 + seconds / 5);
      const strange = [...statuses].filter((status) => !/^(200|502)$/.test(status));
      seen.note(`its route answered ${[...statuses].sort().join(', ')}`);
      seen.none('answers of other kinds', strange);
      seen.none(`of ${asked.length} requests to the other route failed`, failuresOf(asked));
      const { code, ms } = await gateway.stop();
      seen.must(`stopped in ${ms} ms`, code === 0, `exit code ${code}`);
      const after = await ask(port, '/');
      seen.must('its process is gone', after.status === null, 'it still answers');
    },
  },
];
