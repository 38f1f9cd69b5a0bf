import { get, type RawClient, request } from '../testing/raw-client.ts';

/** Clients that ask without a pause until they are told to stop, and remember what went wrong. */
export class SteadyLoad {
  readonly failures: string[] = [];
  answered = 0;
  /** Connections that were opened to be asked on. */
  opened = 0;
  #over = false;
  readonly #clients: Promise<void>[];

  /** @param reused connections that are asked on as long as the gateway keeps them; @param fresh clients that open one for each request. */
  constructor(
    gateway: { connect(): Promise<RawClient> },
    { reused, fresh }: { reused: number; fresh: number },
  ) {
    this.#clients = [
      ...Array.from({ length: reused }, () => this.#askOn(gateway)),
      ...Array.from({ length: fresh }, () => this.#askAnew(gateway)),
    ];
  }

  /** Resolves when every client has had its last answer. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#clients);
  }

  async #askOn(gateway: { connect(): Promise<RawClient> }): Promise<void> {
    let client: RawClient | null = null;
    while (!this.#over) {
      try {
        if (client === null) this.opened++;
        client ??= await gateway.connect();
        if (await this.#ask(client)) client = null;
      } catch (error) {
        this.failures.push(`on a connection that is reused: ${error}`);
        client = null;
      }
    }
  }

  async #askAnew(gateway: { connect(): Promise<RawClient> }): Promise<void> {
    while (!this.#over) {
      try {
        const client = await gateway.connect();
        await this.#ask(client);
        client.destroy();
      } catch (error) {
        this.failures.push(`on a fresh connection: ${error}`);
      }
    }
  }

  /** @returns whether the connection was closed with the answer, as the answer said. */
  async #ask(client: RawClient): Promise<boolean> {
    const asked = this.answered % 4 === 3 ? request('POST', '/db/x', [], 'body') : get('/db/x?y');
    const answer = await client.exchange(asked);
    this.answered++;
    if (answer.status !== 200 || answer.text !== 'fine')
      this.failures.push(`${answer.status}: ${answer.text}`);
    return answer.head.value('connection') === 'close';
  }
}
