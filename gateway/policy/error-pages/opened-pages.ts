import { FollowedFile, faultsOfFile } from '../followed-file.ts';
import type { KeptStates } from '../kept.ts';
import type { PolicyFault } from '../policy.ts';
import type { ErrorPageFile } from './keys.ts';
import { type PageTemplate, readTemplate } from './page-template.ts';

/** The files of error pages, as they are now. */
export class OpenedPages {
  readonly #pages: { readonly statuses: string; readonly followed: FollowedFile<PageTemplate> }[] = [];
  readonly #releases: (() => void)[] = [];

  /** @throws PolicyError, and then none of them is open */
  static async open(files: readonly ErrorPageFile[], kept: KeptStates): Promise<OpenedPages> {
    const opened = new OpenedPages();
    try {
      for (const file of files) await opened.#add(file, kept);
    } catch (cause) {
      opened.close();
      throw cause;
    }
    return opened;
  }

  async #add({ statuses, file }: ErrorPageFile, kept: KeptStates): Promise<void> {
    const { followed, release } = await FollowedFile.acquire(kept, `error page ${file}`, file, readTemplate);
    this.#pages.push({ statuses, followed });
    this.#releases.push(release);
  }

  of(status: number): PageTemplate | null {
    const own = [String(status), `${Math.floor(status / 100)}xx`];
    return this.#pages.find(({ statuses }) => own.includes(statuses))?.followed.value ?? null;
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}

export async function faultsOfPages(files: readonly ErrorPageFile[]): Promise<PolicyFault[]> {
  const expected = 'an HTML file of at most 256 KiB';
  const faults = files.map(({ statuses, file }) => faultsOfFile(file, [statuses], expected, readTemplate));
  return (await Promise.all(faults)).flat();
}
