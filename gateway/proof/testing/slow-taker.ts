import type { Downstream, DownstreamListener } from '../../exchange/contract.ts';

/** A client of which the test says when it has taken its answer. `told` is what was done to it, in order. */
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
