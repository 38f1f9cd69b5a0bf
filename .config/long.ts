import { mergeConfig } from 'vitest/config';
import suite from './vitest.ts';

// What takes long by its nature: memory under hundreds of megabytes, other people's programs at full load, a publish. One file at a time,
// because memory is measured here.
const config = mergeConfig(suite, { test: { maxWorkers: 1, reporters: ['verbose'] } });
config.test.projects = undefined;
config.test.include = ['gateway/**/*.long.ts', 'services/**/*.long.ts'];
export default config;
