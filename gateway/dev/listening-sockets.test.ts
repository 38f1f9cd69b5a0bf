import { describe, expect, it } from 'vitest';
import { socketsIn } from './listening-sockets.ts';

describe('socketsIn', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0',
    '   1: 0100007F:0BBA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4343 1 0 100 0 0 10 0',
    '   2: 0100007F:0BB9 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4444 1 0 100 0 0 10 0',
    '',
  ].join('\n');

  it('finds the sockets that listen, and not their connections', () => {
    expect(socketsIn(table, 'tcp')).toEqual([
      { port: 3001, link: 'socket:[4242]' },
      { port: 3002, link: 'socket:[4343]' },
    ]);
  });
});
