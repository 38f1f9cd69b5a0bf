import { fileURLToPath } from 'node:url';
import { freeDatagramPort, freePorts } from '../testing/free-port.ts';
import { until } from '../testing/poll.ts';
import type { Process, Processes } from '../testing/processes.ts';
import type { Answer, Question, ServicePorts } from './service/question.ts';
import type { Counted } from './service/tally.ts';

const program = fileURLToPath(new URL('service/program.ts', import.meta.url));
const patienceMs = 10_000;

export async function freeServicePorts(): Promise<ServicePorts> {
  const [http, tcp] = (await freePorts(2)) as [number, number];
  return { http, tcp, udp: await freeDatagramPort() };
}

/** The scriptable service, as a process: see service/behaviours.ts for what its paths do. */
export class ServiceChild {
  readonly process: Process;
  readonly ports: ServicePorts;
  readonly #asked = new Map<number, (answer: unknown) => void>();
  #questions = 0;
  #listens = false;

  private constructor(started: Process, ports: ServicePorts) {
    this.process = started;
    this.ports = ports;
    started.child.on('message', ({ id, answer }: Answer) => {
      if (id === 0) this.#listens = true;
      this.#asked.get(id)?.(answer);
      this.#asked.delete(id);
    });
  }

  /** @throws where it does not listen within 10 s. */
  static async start(processes: Processes, ports: ServicePorts): Promise<ServiceChild> {
    const command = [process.execPath, program, JSON.stringify(ports)] as const;
    const service = new ServiceChild(await processes.start(command, { channel: true }), ports);
    await until('the service listens', () => service.#listens || !service.process.alive, patienceMs);
    if (!service.#listens) throw new Error(`the service did not start: ${service.process.log.text()}`);
    return service;
  }

  /** Its counts under this tag. */
  counted(tag: string): Promise<Counted> {
    return this.#ask('tally', tag) as Promise<Counted>;
  }

  /** Connections that carry an exchange now. */
  busy(): Promise<number> {
    return this.#ask('busy', '') as Promise<number>;
  }

  /** Closes all of its connections. */
  async drop(): Promise<void> {
    await this.#ask('drop', '');
  }

  /** Stops the process: the kernel still accepts its connections, but the process reads none of them. */
  freeze(): void {
    this.process.signal('SIGSTOP');
  }

  thaw(): void {
    this.process.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }

  #ask(ask: Question['ask'], tag: string): Promise<unknown> {
    const id = ++this.#questions;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => reject(new Error(`the service gave no answer to "${ask}"`)), patienceMs);
    this.#asked.set(id, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    this.process.child.send({ id, ask, tag } satisfies Question, (error) => error && reject(error));
    return promise;
  }
}
