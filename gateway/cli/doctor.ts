import { examineAcme } from '../dev/acme-diagnosis.ts';
import { diagnose, type Finding } from '../dev/diagnosis.ts';
import { painter, wantsColour } from '../log/paint.ts';
import { printable } from '../log/printable.ts';
import { optionValue, type RunCommand } from './command.ts';
import { loadWithContainers } from './configuration.ts';

export const doctor: RunCommand = async (input, context) => {
  const loaded = await loadWithContainers(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const findings = [...(await diagnose(loaded.config)), ...(await examineAcme(loaded.config, context.env))];
  const wrong = findings.filter(({ level }) => level === 'wrong').length;
  if (input.values.has('json')) {
    const { node } = process.versions;
    const report = { file: loaded.file, node, wrong, findings };
    context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const paint = painter(wantsColour(context.stdout.isTTY === true, context.env));
    const lines = findings.map((finding) => shown(finding, paint));
    const sum =
      wrong === 0 ? 'nothing is wrong' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong`;
    context.stdout.write([...lines, `${loaded.file} on Node ${process.versions.node}: ${sum}\n`].join('\n'));
  }
  return wrong === 0 ? 0 : 1;
};

function shown({ level, where, what, todo }: Finding, paint: ReturnType<typeof painter>): string {
  const mark = level === 'wrong' ? paint('red', '✘') : '·';
  return `${mark} ${paint('bold', printable(where))}: ${printable(what)}\n    ${printable(todo)}\n`;
}
