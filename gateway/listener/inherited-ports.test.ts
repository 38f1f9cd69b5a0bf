import { expect, test } from 'vitest';
import { inheritedPorts } from './inherited-ports.ts';

test.each([
  [{}, []],
  [{ LISTEN_PID: '7', LISTEN_FDS: '2' }, [3, 4]],
  [{ LISTEN_PID: '8', LISTEN_FDS: '2' }, []],
  [{ LISTEN_PID: '7' }, []],
  [{ LISTEN_PID: '7', LISTEN_FDS: '0' }, []],
  [{ LISTEN_PID: '7', LISTEN_FDS: '1e9' }, []],
  [{ LISTEN_PID: '7', LISTEN_FDS: 'x' }, []],
])('%j gives the descriptors %j', (env, descriptors) => {
  expect(inheritedPorts(env, 7)).toEqual(descriptors);
});
