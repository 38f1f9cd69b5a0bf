import { expect, test } from 'vitest';
import { UsageError } from '../testing/tool-options.ts';
import { parseOptions } from './options.ts';

test('without options everything is measured at full length and may be written to the document', () => {
  const options = parseOptions([]);
  expect(options.full).toBe(true);
  expect(options.cases).toEqual([
    ...['small', '10k', '1m', 'hit', 'zipf', 'post', 'half', 'websocket'],
    ...['tls', 'h2', 'handshake', 'resumed'],
  ]);
  expect(options.peers).toContain('nginx');
  expect(options.peers).toContain('portway+log');
});

test.each([['--quick'], ['--only=portway,nginx'], ['--case=small']])(
  '%s keeps the result out of the document',
  (flag) => {
    expect(parseOptions([flag]).full).toBe(false);
  },
);

test.each([['--rounds=3'], ['--seconds=1']])('%s does not, for the document names its command', (flag) => {
  expect(parseOptions([flag]).full).toBe(true);
});

test('a file for the measurements does not keep the result out of the document', () => {
  expect(parseOptions(['--json', 'all.json'])).toMatchObject({ full: true, json: 'all.json' });
});

test('peers and cases are chosen by name and keep the order of the tables', () => {
  const options = parseOptions(['--only', 'portway, nginx', '--case', '1m,small']);
  expect(options.peers).toEqual(['nginx', 'portway']);
  expect(options.cases).toEqual(['small', '1m']);
});

test('--seconds and --rounds prevail over those of --quick', () => {
  const seen = parseOptions(['--quick', '--seconds', '3', '--rounds', '7']);
  expect(seen).toMatchObject({ seconds: 3, rounds: 7 });
});

test.each([
  [['--only', 'ngnix'], 'got "ngnix"'],
  [['--case', 'tiny'], 'got "tiny"'],
  [['--seconds', '0'], 'got "0"'],
  [['--seconds', '1.5'], 'got "1.5"'],
  [['--rounds', '-1'], '--rounds'],
  [['--fast'], '--fast'],
  [['small'], 'small'],
])('%j is wrong usage that says what it got', (argv, said) => {
  expect(() => parseOptions(argv)).toThrow(UsageError);
  expect(() => parseOptions(argv)).toThrow(said);
});
