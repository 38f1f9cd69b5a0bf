import type { Fault } from '../fault.ts';
import { blackHole } from './black-hole.ts';
import { cache } from './cache.ts';
import { clientLeaves } from './client-leaves.ts';
import { configuration } from './configuration.ts';
import { datagrams } from './datagrams.ts';
import { exhausted } from './descriptors.ts';
import { hung } from './hung.ts';
import { keepAlive } from './keep-alive.ts';
import { mix } from './mix.ts';
import { names } from './names.ts';
import { nodes } from './nodes.ts';
import { overload } from './overload.ts';
import { replacement } from './replacement.ts';
import { restartLoop } from './restart-loop.ts';
import { serviceBreaks } from './service-breaks.ts';
import { slowReader } from './slow-reader.ts';
import { storms } from './storms.ts';
import { upgrades } from './upgrades.ts';
import { workers } from './workers.ts';

/** Every fault, in the order in which they are run and told. */
export const faults: readonly Fault[] = [
  ...serviceBreaks,
  ...blackHole,
  ...keepAlive,
  ...clientLeaves,
  ...slowReader,
  ...upgrades,
  ...names,
  ...cache,
  ...configuration,
  ...replacement,
  ...workers,
  ...nodes,
  ...restartLoop,
  ...storms,
  ...hung,
  ...datagrams,
  ...exhausted,
  ...overload,
  ...mix,
];
