import type { CapturedBody } from '../../exchange/captured-body.ts';
import type { Fields } from '../../exchange/contract.ts';
import { bodyView } from './bodies.ts';
import type { KeptExchange } from './ring.ts';
import { messageOf, summaryOf } from './view.ts';

/**
 * Searches for text, in any case, in shown exchanges with their decoded bodies. Masked values can't be searched for: otherwise a search
 * would reveal them letter by letter.
 */
export class TextSearch {
  readonly #wanted: string;
  #bodiesMs: number;

  /** @param bodiesMs so long bodies are searched at most, for a small one may decode into a large one. */
  constructor(text: string, bodiesMs: number) {
    this.#wanted = text.toLowerCase();
    this.#bodiesMs = bodiesMs;
  }

  async finds(kept: KeptExchange): Promise<boolean> {
    if (shownTextOf(kept).includes(this.#wanted)) return true;
    const { detail } = kept.record;
    if (detail === null || this.#bodiesMs <= 0) return false;
    const began = performance.now();
    const found =
      (await this.#isIn(detail.requestBody, detail.requestFields)) ||
      (await this.#isIn(detail.answerBody, detail.answerFields ?? []));
    this.#bodiesMs -= performance.now() - began;
    return found;
  }

  async #isIn(body: CapturedBody | null, fields: Fields): Promise<boolean> {
    const view = await bodyView(body, fields, SEARCHED_MAX_BYTES);
    return (view?.text ?? view?.parts ?? '').toLowerCase().includes(this.#wanted);
  }
}

/** Masking is done in one go, and a stranger may send one body after the other. */
const SEARCHED_MAX_BYTES = 256 * 1024;

function shownTextOf(kept: KeptExchange): string {
  const { detail } = kept.record;
  const { method, target, host, requestId, client, user, route, endpoint, code, cause } = summaryOf(kept, '');
  const messages = [messageOf(detail?.requestFields ?? null), messageOf(detail?.answerFields ?? null)];
  const lines = messages.flatMap((message) => message?.fields.map((field) => field.join(': ')) ?? []);
  const line = `${method} ${host ?? ''}${target}`;
  return [line, requestId, client, user, route, endpoint, code, cause, ...lines].join('\n').toLowerCase();
}
