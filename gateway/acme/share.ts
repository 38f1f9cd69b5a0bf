import type { OutstandingChallenge } from './challenges.ts';

/** What replicas have in common of orders. None of it throws: what can't be asked now is as good as absent. */
export interface AcmeShare {
  /** Whether this replica may order, until `unlock`. `false`: another one does. `null`: nobody can say. */
  lock(): Promise<boolean | null>;
  unlock(): Promise<void>;
  /** A file of `AcmeStore` as the others have it. */
  read(file: string): Promise<string | null>;
  write(file: string, text: string): Promise<void>;
  /** Resolves when all replicas answer these, as far as they can be reached. */
  offer(challenges: readonly OutstandingChallenge[]): Promise<void>;
}
