import { OpenLoad, type OpenLoadPlan } from './open-load.ts';

// The process of an open-loop generator: called with a plan as JSON, prints what became of it as JSON.
const plan = JSON.parse(process.argv[2] ?? '{}') as OpenLoadPlan;
process.stdout.write(JSON.stringify(await new OpenLoad(plan).run()), () => process.exit());
