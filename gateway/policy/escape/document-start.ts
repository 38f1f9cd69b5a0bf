/** Where in an HTML document a script runs before everything else: right behind `<head>`, written or implied (HTML §13.2.6.4). */

/** Text that may precede it, each part whole. Attributes may hold a `>` in quotes. */
const ATTRIBUTES = `(?:[^>"']|"[^"]*"|'[^']*')*>`;
const SKIPPED = [
  /[\t\n\f\r ]+/y,
  /<!--[\s\S]*?-->/y,
  /<!doctype[^>]*>/iy,
  /<\?[^>]*>/y,
  new RegExp(`<html(?=[\\s/>])${ATTRIBUTES}`, 'iy'),
];
const HEAD = new RegExp(`<head(?=[\\s/>])${ATTRIBUTES}`, 'iy');
/** Browsers look for it in the first 1024 bytes, so it stays in front. */
const CHARSET = /\s*<meta\s+charset\s*=\s*["']?[\w:-]+["']?\s*\/?>/iy;
const CHARSET_BEGUN = /\s*(?:<(?:m(?:e(?:t(?:a(?:\s[^>]*)?)?)?)?)?)?$/iy;
const CHARSET_WITHIN = 1024;
const BEGINNINGS = ['<!--', '<!doctype', '<?', '<html', '<head'];

export class DocumentStart {
  #at = 0;
  /** Something was found that only documents have, and no fragments that a page loads itself. */
  #sure: boolean;

  /** @param sure whether it is known to be a document. */
  constructor(sure: boolean) {
    this.#sure = sure;
  }

  /**
   * @param bytes all bytes so far
   * @returns the position for the script; `null`: there is none; `'more'`: more bytes are needed
   */
  find(bytes: Buffer, ended: boolean): number | null | 'more' {
    if (isWide(bytes)) return null;
    if (this.#at === 0 && bytes.length < BOM.length && !ended) return 'more';
    if (this.#at === 0 && bytes.subarray(0, BOM.length).equals(BOM)) this.#at = BOM.length;
    const text = bytes.toString('latin1');
    this.#skip(text);
    const head = endOf(HEAD, text, this.#at);
    if (head !== null) return behindCharset(text, head, ended);
    if (!ended && isUnfinished(text.slice(this.#at, this.#at + 10).toLowerCase())) return 'more';
    return this.#sure && this.#at < text.length ? this.#at : null;
  }

  #skip(text: string): void {
    for (let end: number | null = this.#at; end !== null; ) {
      const skipped = SKIPPED.find((pattern) => {
        end = endOf(pattern, text, this.#at);
        return end !== null;
      });
      if (skipped === undefined || end === null) return;
      if (/^<(?:!d|h)/i.test(text.slice(this.#at, this.#at + 3))) this.#sure = true;
      this.#at = end;
    }
  }
}

function behindCharset(text: string, head: number, ended: boolean): number | 'more' {
  const charset = endOf(CHARSET, text, head);
  if (charset !== null) return charset;
  const waits = !ended && text.length < CHARSET_WITHIN && endOf(CHARSET_BEGUN, text, head) !== null;
  return waits ? 'more' : head;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Whether the rest of one of those may be on its way. @param rest its first letters, in lower case */
function isUnfinished(rest: string): boolean {
  if (/^<(?:html|head)[^\t\n\f\r />]/.test(rest)) return false;
  return BEGINNINGS.some((beginning) => beginning.startsWith(rest) || rest.startsWith(beginning));
}

/** UTF-16 and UTF-32, where a letter takes more than its byte. */
function isWide(bytes: Buffer): boolean {
  const [first, second] = bytes;
  return first === 0xfe || first === 0xff || first === 0 || second === 0;
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
