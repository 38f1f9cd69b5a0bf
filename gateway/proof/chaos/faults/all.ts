import type { Fault } from '../fault.ts';
import { blackHole } from './black-hole.ts';
import { cache } from './cache.ts';
import { clientLeaves } from './client-leaves.ts';
import { datagrams } from './datagrams.ts';
import { hung } from './hung.ts';
import { keepAlive } from './keep-alive.ts';
import { mix } from './mix.ts';
import { nodes } from './nodes.ts';
import { overload } from './overload.ts';
import { replacement } from './replacement.ts';
import { serviceBreaks } from './service-breaks.ts';
import { upgrades } from './upgrades.ts';

/** Every fault, in the order in which they run and are reported. */
export const faults: readonly Fault[] = [
  ...serviceBreaks,
  ...blackHole,
  ...keepAlive,
  ...clientLeaves,
  ...upgrades,
  ...cache,
  ...replacement,
  ...nodes,
  ...hung,
  ...datagrams,
  ...overload,
  ...mix,
];
