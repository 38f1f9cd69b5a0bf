/** An answer of the admin listener, or the reason why there is none. */
export type Told<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

interface Asked {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** `text/plain`: the answer is a text. */
  readonly accept?: string;
}

/** Never throws. */
export async function ask<T>(path: string, { method, body, signal, accept }: Asked = {}): Promise<Told<T>> {
  try {
    const answer = await fetch(path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(accept !== undefined && { accept }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (!answer.ok) return { ok: false, problem: await detailOf(answer) };
    return { ok: true, value: (accept === 'text/plain' ? await answer.text() : await answer.json()) as T };
  } catch {
    return { ok: false, problem: 'The gateway did not answer.' };
  }
}

/** RFC 9457. */
async function detailOf(answer: Response): Promise<string> {
  const told = (await answer.json().catch(() => ({}))) as { readonly detail?: string };
  return told.detail ?? `${answer.status} ${answer.statusText}`;
}
