import type { SharedConfig } from '../model/config.ts';
import { SHARED_TEXT_MAX, type SharedTexts, type TextQuestion } from '../policy/shared-texts.ts';
import { within } from './connection.ts';
import type { Link } from './link.ts';

/** Stands for no text. */
const ANY = '*';

/** Texts that replicas share, read one by one and not cached. */
export class TextsInRedis implements SharedTexts {
  readonly #link: () => Link | null;
  readonly #config: () => SharedConfig;

  constructor(link: () => Link | null, config: () => SharedConfig) {
    this.#link = link;
    this.#config = config;
  }

  async ask(question: TextQuestion): Promise<string | null> {
    const link = this.#link();
    if (link === null || !link.isUp) throw new Error('the Redis is away');
    const { prefix, timeoutMs } = this.#config();
    const answer = await within(timeoutMs, this.#tell(link, `${prefix}:text:${question.name}`, question));
    return typeof answer === 'string' && answer.length <= SHARED_TEXT_MAX ? answer : null;
  }

  async #tell(link: Link, key: string, question: TextQuestion): Promise<unknown> {
    switch (question.do) {
      case 'read':
        // One that is longer is not let in: a Redis ends connections that it has too much for.
        return (await link.command(['GETRANGE', key, '0', String(SHARED_TEXT_MAX)])) || null;
      case 'drop':
        return link.command(['DEL', key]);
      case 'claim': {
        const claimed = await link.command(['SET', key, '', 'NX', 'PX', String(question.forMs)]);
        return claimed === null ? null : question.name;
      }
      case 'keep': {
        const { text, forMs, was } = question;
        const kept = await link.run('keep', [key], [text, String(forMs), was ?? ANY]);
        return kept === 1 ? text : null;
      }
    }
  }
}
