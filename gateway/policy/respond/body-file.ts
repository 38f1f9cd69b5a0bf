import { mime } from '@fastify/send';
import { type FileReading, FollowedFile, faultsOfFile } from '../followed-file.ts';
import type { KeptStates } from '../kept.ts';
import type { PolicyFault } from '../policy.ts';

/** A file whose text is the body of an answer. Changes are applied at runtime. */
export class BodyFile {
  readonly type: string;
  readonly #followed: FollowedFile<Buffer>;
  readonly #release: () => void;

  /** @throws PolicyError */
  static async open(file: string, kept: KeptStates): Promise<BodyFile> {
    const { followed, release } = await FollowedFile.acquire(kept, `answer ${file}`, file, readBody);
    return new BodyFile(mime.getType(file) ?? 'text/plain', followed, release);
  }

  private constructor(type: string, followed: FollowedFile<Buffer>, release: () => void) {
    this.type = type;
    this.#followed = followed;
    this.#release = release;
  }

  get body(): Buffer {
    return this.#followed.value;
  }

  close(): void {
    this.#release();
  }
}

export function faultsOfBody(file: string): Promise<PolicyFault[]> {
  return faultsOfFile(file, ['body'], 'a text file of at most 1 MiB', readBody);
}

function readBody(text: string): FileReading<Buffer> {
  const value = Buffer.from(text);
  if (value.length <= BODY_MAX_BYTES) return { ok: true, value };
  return { ok: false, found: 'more than 1 MiB', hint: 'larger files are for "folder:" (docs/folder.md)' };
}

const BODY_MAX_BYTES = 1024 * 1024;
