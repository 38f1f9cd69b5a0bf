import { LoadGenerator } from './own-load.ts';

// The process of `runOwnLoad`: called with an OwnLoad as JSON, prints an OwnLoadResult as JSON.
console.log(JSON.stringify(await new LoadGenerator(JSON.parse(process.argv[2]!)).run()));
