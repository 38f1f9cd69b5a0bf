import { mergeConfig } from 'vitest/config';
import suite from './vitest.ts';

// What takes long by its nature: memory under hundreds of megabytes, other people's programs at full load, a publish, and all pairs of policies and
// kinds of routes, of challenges and workers. One file at a time, because memory is measured here.
process.env.PORTWAY_ALL_PAIRS = '1';
delete process.env.PORTWAY_PROGRAM;
const config = mergeConfig(suite, { test: { maxWorkers: 1, reporters: ['verbose'] } });
config.test.projects = undefined;
config.test.globalSetup = undefined;
config.test.include = [
  'gateway/**/*.long.ts',
  'services/**/*.long.ts',
  'gateway/proof/scenarios/{acme-workers,bypass}.test.ts',
];
export default config;
