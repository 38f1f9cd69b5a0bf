import { isDeepStrictEqual } from 'node:util';
import type { Paint } from '../log/paint.ts';
import type { ServiceStatus } from '../model/status.ts';
import { fit } from './columns.ts';
import { type MapView, renderRows } from './map.ts';
import type { Screen } from './screen.ts';
import { plainText } from './terminal-text.ts';

export interface LiveMapOptions {
  readonly screen: Screen;
  readonly paint: Paint;
  /** Asks the endpoints of foreign processes whether they are up. */
  readonly view: () => Promise<MapView>;
  readonly services: () => readonly ServiceStatus[];
  /** Which keys there are; `null`: there is no keyboard. */
  readonly keys: () => string | null;
}

const LOOK_EVERY_MS = 200;
/** Endpoints without a process of ours are asked whether they are up, which is a connection each. */
const ASK_EVERY_MS = 5_000;

/** The map at the end of the terminal, with the states as they are now. */
export class LiveMap {
  readonly #options: LiveMapOptions;
  readonly #resized = (): void => {
    this.#options.screen.resized();
    this.draw();
  };
  shown: MapView | null = null;
  #askedAt = 0;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveMapOptions) {
    this.#options = options;
  }

  open(first: MapView): void {
    this.shown = first;
    this.#askedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    process.on('SIGWINCH', this.#resized);
    this.draw();
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('SIGWINCH', this.#resized);
    this.shown = null;
    this.#options.screen.pin([]);
    this.#options.screen.flush();
  }

  /** Something other than the states has changed. */
  refresh(): void {
    if (this.shown !== null) void this.#ask();
  }

  draw(): void {
    if (this.shown === null) return;
    const { screen, paint, keys } = this.#options;
    // Half of the terminal is left for scrolling output.
    const rows = renderRows(
      this.shown,
      paint,
      Math.min(screen.columns, 120),
      Math.floor(screen.rows / 2) - 3,
    );
    const line = keys();
    const offered = line === null ? [] : ['', `  ${shortened(line, screen.columns - 3)}`];
    screen.pin(['', ...rows, ...offered]);
  }

  #look(): void {
    const stale = performance.now() - this.#askedAt > ASK_EVERY_MS;
    const changed = !isDeepStrictEqual(states(this.#options.services()), states(this.shown?.services ?? []));
    if ((stale || changed) && !this.#asking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const view = await this.#options.view().catch(() => null);
    this.#asking = false;
    this.#askedAt = performance.now();
    if (this.shown === null || view === null) return;
    this.shown = view;
    this.draw();
  }
}

/** The shown properties of services, without their output, which changes all the time. */
function states(services: readonly ServiceStatus[]): unknown {
  return services.map(({ lastOutput, ...state }) => state);
}

/** Colours are lost where it does not fit. */
function shortened(line: string, room: number): string {
  const text = plainText(line);
  return text.length <= room ? line : fit(text, room, false);
}
