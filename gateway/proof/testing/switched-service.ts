import { onTestFinished } from 'vitest';
import { ok, reply, type ScriptedService, startService } from './service.ts';

/** How a service behaves from now on. */
type Mood = 'well' | 'ill' | 'hung' | 'hanging up';

/** A service whose answers are its name, and whose health a test switches while it runs. Checks ask `/healthz`, exchanges anything else. */
class SwitchedService {
  readonly name: string;
  readonly #service: ScriptedService;
  /** Answer to exchanges. */
  mood: Mood = 'well';
  /** Answer to health checks. */
  health: Mood = 'well';
  checks = 0;
  exchanges = 0;

  constructor(name: string, service: ScriptedService) {
    this.name = name;
    this.#service = service.answer((request, connection) => {
      const isCheck = request.target === '/healthz';
      if (isCheck) this.checks++;
      else this.exchanges++;
      return this.#answer(isCheck ? this.health : this.mood, connection);
    });
  }

  get port(): number {
    return this.#service.port;
  }

  get connections(): number {
    return this.#service.connections.length;
  }

  /** Stops listening, and cuts every connection. */
  close(): Promise<void> {
    return this.#service.close();
  }

  #answer(mood: Mood, connection: { reset(): void }): Buffer | undefined {
    if (mood === 'well') return ok(this.name);
    if (mood === 'ill') return reply(503);
    if (mood === 'hanging up') connection.reset();
    return undefined;
  }
}

export async function startSwitched(name: string, port = 0): Promise<SwitchedService> {
  const service = new SwitchedService(name, await startService({ listen: { port, host: '127.0.0.1' } }));
  onTestFinished(() => service.close());
  return service;
}
