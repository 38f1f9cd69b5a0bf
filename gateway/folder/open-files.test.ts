import { expect, test } from 'vitest';
import { OpenFiles } from './open-files.ts';

test('whoever gives up leaves the line, and the place goes to the next', async () => {
  const files = new OpenFiles(1);
  const [reader, leaver, next] = [{}, {}, {}];
  const served: object[] = [];
  await files.begin(reader);
  void files.begin(leaver).then(() => served.push(leaver));
  const turn = files.begin(next).then(() => served.push(next));
  files.giveUp(leaver);
  files.close();
  await turn;
  expect(served).toEqual([next]);
  files.close();
  expect(files.open).toBe(0);
});
