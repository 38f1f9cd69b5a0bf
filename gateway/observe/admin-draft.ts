import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { jsonSchema } from '../config/json-schema.ts';
import { readContent } from '../files/content.ts';
import { replaceFile } from '../files/replace-file.ts';
import type { DraftFile } from '../model/draft.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import type { AdminView } from './admin-view.ts';
import { validateDraft } from './draft.ts';
import { refuseRemote } from './refuse-remote.ts';

const DRAFT_MAX_BYTES = 1 << 20;
const USAGE =
  'The body is JSON: `text`, the configuration, and to write it `hash`, of the text that it is made of.';

const draft = z.strictObject({ text: z.string(), hash: z.string().optional() });

/** `/draft`: the file, the effects of another text in its place, and, if allowed, writing it. For this machine only. */
export function answerDraft(app: FastifyInstance, view: AdminView): void {
  const inTurn = oneAfterTheOther();
  let schema: object | null = null;
  app.get('/schema', (_request, reply) => {
    schema ??= jsonSchema();
    return sendJson(reply, schema);
  });
  app.register(async (own) => {
    own.addHook('onRequest', refuseRemote);
    own.get('/draft', async (_request, reply) => sendJson(reply, await draftFile(view)));
    own.post('/draft', { bodyLimit: DRAFT_MAX_BYTES }, async (request, reply) => {
      const { success, data } = draft.safeParse(request.body);
      if (!success) return sendProblem(reply, { status: 400, detail: USAGE });
      // Problems quote values of environment variables.
      if (view.mode === 'production') return sendProblem(reply, { status: 409, detail: NOT_IN_PRODUCTION });
      return sendJson(reply, await validateDraft(data.text, view));
    });
    own.put('/draft', { bodyLimit: DRAFT_MAX_BYTES }, async (request, reply) => {
      const { data } = draft.safeParse(request.body);
      if (data?.hash === undefined) return sendProblem(reply, { status: 400, detail: USAGE });
      const { text, hash } = data;
      const refused = await inTurn(() => write(text, hash, view));
      return refused === null
        ? sendJson(reply, await draftFile(view))
        : sendProblem(reply, { status: 409, detail: refused });
    });
  });
}

/** @returns the reason for a refusal; `null`: written, and the gateway will notice */
async function write(text: string, hash: string, view: AdminView): Promise<string | null> {
  const now = await draftFile(view);
  if (now.readOnly !== null) return now.readOnly;
  if (now.hash !== hash) return 'The file has changed meanwhile: read it again, and edit that.';
  if (!(await validateDraft(text, view)).ok) return 'It has problems: it is written when it has none.';
  try {
    await replaceFile(now.file, text);
    return null;
  } catch (cause) {
    return `The file can’t be written: ${(cause as Error).message}.`;
  }
}

/** Serialises edits, so that each compares its hash with the result of the one before. */
function oneAfterTheOther() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

async function draftFile(view: AdminView): Promise<DraftFile> {
  const { file, admin } = view.config();
  // In production the content may be for the file's owner only.
  if (view.mode === 'production') return { file, text: null, hash: '', readOnly: NOT_IN_PRODUCTION };
  const content = await readContent(file);
  return {
    file,
    text: content.ok ? content.text : null,
    hash: content.hash,
    readOnly: whyReadOnly(admin?.readOnly === true, file),
  };
}

/** Writing this file means deciding which programs run. */
const NOT_IN_PRODUCTION =
  'In production the file belongs to whoever deploys it: it is neither shown nor written here.';

function whyReadOnly(asked: boolean, file: string): string | null {
  if (asked) return 'The configuration says `admin: { readOnly: true }`.';
  return /\.ya?ml$/i.test(file) ? null : 'The configuration is a program.';
}
