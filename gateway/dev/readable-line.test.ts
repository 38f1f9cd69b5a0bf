import { describe, expect, it } from 'vitest';
import { readableLines } from './readable-line.ts';

const readable = readableLines({ colour: false });

describe('readableLines', () => {
  it('shows a structured line as the gateway shows its own, without what the label says', () => {
    const line =
      '{"level":"info","time":"2026-01-01T12:00:00.000Z","service":"db","pid":7,"port":3001,"msg":"listening"}';
    expect(readable(line)).toMatch(/^\d\d:\d\d:\d\d INFO +listening \{"port":3001\}$/);
  });

  it('knows the numbers of levels', () => {
    expect(readable('{"level":50,"time":1,"msg":"no disk"}')).toMatch(/ ERROR no disk$/);
  });

  it('lets nothing through that a terminal acts upon', () => {
    expect(readable('{"level":30,"msg":"a\\u001b[2Jb"}')).toContain('a\\x1b[2Jb');
  });

  it.each([
    'plain text',
    '{"half":',
    '{"port":3001}',
    '{"level":30}',
    '{"msg":7,"level":30}',
    '[1]',
    '{}',
    '',
  ])('leaves %j as it is', (line) => {
    expect(readable(line)).toBe(line);
  });
});
