import type { OutstandingChallenge } from './challenges.ts';

/** Coordination of orders among replicas. Nothing here throws: an unavailable store counts as absent. */
export interface AcmeShare {
  /** Whether this replica may order, until `unlock`. `false`: another one does. `null`: unknown. */
  lock(): Promise<boolean | null>;
  unlock(): Promise<void>;
  /** A file of `AcmeStore` as the others have it. */
  read(file: string): Promise<string | null>;
  write(file: string, text: string): Promise<void>;
  /** Resolves when all replicas answer these, as far as they can be reached. */
  offer(challenges: readonly OutstandingChallenge[]): Promise<void>;
}
