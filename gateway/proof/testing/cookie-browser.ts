import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { TestGateway } from './gateway.ts';
import type { Answer } from './raw-client.ts';

/** As much of a browser as a login needs: it opens pages, keeps cookies, and follows redirects. */
export class CookieBrowser {
  readonly #gateway: Pick<TestGateway, 'get'>;
  /** By host; by name. */
  readonly #jars = new Map<string, Map<string, string>>();
  /** Where it has been, in order. */
  readonly visited: string[] = [];

  constructor(gateway: Pick<TestGateway, 'get'>) {
    this.#gateway = gateway;
  }

  /** The cookies of the gateway. */
  get cookies(): Map<string, string> {
    return this.#jar('gateway.test');
  }

  /** As a field of a request. */
  cookieField(host = 'gateway.test'): string[] {
    const jar = this.#jar(host);
    return jar.size === 0
      ? []
      : [`Cookie: ${Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ')}`];
  }

  /** @param until stops where a redirect leads to what begins like this. @returns the last answer of the gateway, and where it would go on */
  async open(address: string, until?: string): Promise<{ answer: Answer | null; at: string }> {
    let at = new URL(address, 'http://gateway.test');
    for (let hops = 0; hops < 12; hops++) {
      this.visited.push(at.href);
      const own = at.host === 'gateway.test';
      const answer = own ? await this.ask(at.pathname + at.search) : null;
      const location = answer ? answer.head.value('location') : await this.#foreign(at);
      if (!location) return { answer, at: at.href };
      at = new URL(location, at);
      if (until !== undefined && at.href.startsWith(until)) return { answer, at: at.href };
    }
    throw new Error(`no end of redirects: ${this.visited.join('\n')}`);
  }

  /** One page of the gateway. */
  async ask(path: string, ...fields: string[]): Promise<Answer> {
    const page = fields.length > 0 ? fields : ['Accept: text/html', 'Sec-Fetch-Mode: navigate'];
    const answer = await this.#gateway.get(path, ...page, ...this.cookieField());
    this.#keep('gateway.test', answer.head.values('set-cookie'));
    return answer;
  }

  async #foreign(url: URL): Promise<string | undefined> {
    const [cookie] = this.cookieField(url.host);
    // Without an agent, so that no connection is left when the test ends.
    const asked = request(url, { agent: false, headers: cookie ? { cookie: cookie.slice(8) } : {} }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    this.#keep(url.host, answer.headers['set-cookie'] ?? []);
    const body = Buffer.concat(await answer.toArray()).toString();
    if (answer.statusCode! >= 400) throw new Error(`${url.href}: ${answer.statusCode} ${body}`);
    return answer.headers.location;
  }

  #keep(host: string, lines: readonly string[]): void {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.#jar(host).delete(name!);
      else this.#jar(host).set(name!, value!);
    }
  }

  #jar(host: string): Map<string, string> {
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }
}
