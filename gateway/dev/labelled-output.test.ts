import { describe, expect, it } from 'vitest';
import { painter } from '../log/paint.ts';
import { LabelledOutput } from './labelled-output.ts';

function record(colours: boolean) {
  const written: string[] = [];
  const output = new LabelledOutput({
    write: (text) => written.push(text),
    paint: painter(colours),
    keepColours: colours,
  });
  return { output, written };
}

describe('LabelledOutput', () => {
  it('pads every name to the longest', () => {
    const { output, written } = record(false);
    output.expect(['db', 'thumbnails']);
    output.say('db', 'listening');
    output.say('thumbnails', 'ready');
    output.notice('all ready');
    expect(written).toEqual(['db         | listening\n', 'thumbnails | ready\n', 'portway    | all ready\n']);
  });

  it('labels every line of a notice', () => {
    const { output, written } = record(false);
    output.notice('db ended\n  its last line');
    expect(written).toEqual(['portway | db ended\n', 'portway |   its last line\n']);
  });

  it('writes an empty line without trailing blanks', () => {
    const { output, written } = record(false);
    output.say('db', '');
    expect(written).toEqual(['db      |\n']);
  });

  it('takes the colours out where there is no terminal', () => {
    const { output, written } = record(false);
    output.say('db', '\x1b[31merror\x1b[0m\x1b[2J');
    expect(written).toEqual(['db      | error\n']);
  });

  it('gives each service a colour of its own, keeps theirs, and lets no other sequence through', () => {
    const { output, written } = record(true);
    output.say('db', '\x1b[31merror\x1b[2J');
    output.say('files', 'x');
    output.say('db', 'y');
    expect(written).toEqual([
      '\x1b[36mdb      |\x1b[39m \x1b[31merror\x1b[0m\n',
      '\x1b[35mfiles   |\x1b[39m x\n',
      '\x1b[36mdb      |\x1b[39m y\n',
    ]);
  });
});
