import type { Downstream, DownstreamListener } from '../../exchange/contract.ts';

/** A client that takes its answer when the test says so. `told` lists the calls that it received, in order. */
export function slowTaker() {
  const told: string[] = [];
  let listener: DownstreamListener | undefined;
  const downstream: Downstream = {
    method: 'GET',
    fields: [],
    body: null,
    listen: (to) => {
      listener = to;
    },
    informational() {},
    head: (status) => void told.push(`head ${status}`),
    write: () => true,
    end: () => void told.push('end'),
    abort: () => {
      told.push('abort');
      listener?.closed(false);
    },
  };
  return { told, downstream, take: () => listener?.closed(true) };
}
