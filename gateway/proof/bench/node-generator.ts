import { fileURLToPath } from 'node:url';
import type { LoadGenerator, LoadPlan, LoadResult } from './load.ts';
import type { Workspace } from './workspace.ts';

/** Our own load generator, `generator-program.ts`, in a process of its own. */
export function nodeGenerator(workspace: Workspace): LoadGenerator {
  return {
    about: `the harness's own generator on Node ${process.versions.node}`,
    run: (plan) => runGenerator(workspace, plan),
  };
}

async function runGenerator(workspace: Workspace, plan: LoadPlan): Promise<LoadResult> {
  const program = fileURLToPath(new URL('generator-program.ts', import.meta.url));
  const child = await workspace.children.start([process.execPath, program, JSON.stringify(plan)], {
    cpu: workspace.loadCpu,
    capture: true,
  });
  const ended = await child.ended;
  if (ended !== 'code 0') throw new Error(`the load generator failed (${ended}): ${child.complaint()}`);
  return JSON.parse(child.stdout()) as LoadResult;
}
