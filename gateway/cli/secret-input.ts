import type { CommandContext } from './command.ts';

/** A typed secret without echo, or the first line of piped input. `null`: Ctrl-C. */
export async function readSecret(
  prompt: string,
  { process, stderr }: CommandContext,
): Promise<string | null> {
  const { stdin } = process;
  if (!stdin.isTTY) return firstLine(stdin);
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    return await typed(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (chunk.includes('\n') || length > MAX_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/)[0]!;
}

const MAX_BYTES = 4096;

function typed(stdin: NodeJS.ReadStream): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const done = (result: string | null) => {
      stdin.off('data', read);
      resolve(result);
    };
    const read = (chunk: Buffer) => {
      for (const char of chunk.toString('utf8')) {
        if (char === '\r' || char === '\n' || char === EOT) return done(text);
        if (char === ETX) return done(null);
        if (char === '\b' || char === DEL) text = text.slice(0, -1);
        else if (char >= ' ') text += char;
      }
    };
    stdin.on('data', read).resume();
  });
}

const ETX = '\u0003';
const EOT = '\u0004';
const DEL = '\u007f';
