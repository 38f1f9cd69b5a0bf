import { printableLines } from '../../log/printable.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text as HTML text or as a quoted attribute. Invisible characters, such as bidirectional overrides, are written as escapes; line feeds and
 * tabs stay.
 */
export function escapeHtml(text: string): string {
  return printableLines(text).replace(/[&<>"']/g, (character) => entities[character]!);
}

/**
 * A link's address if it leads to a path of this origin or to http(s), else `null`: nothing else, `javascript:` least of all,
 * belongs into a link that is made from a configuration or a request.
 */
export function safeHref(href: string): string | null {
  // To a browser, `//host` and `/\host` are another origin.
  if (/^\/(?![/\\])/.test(href)) return href;
  return /^https?:\/\/[^/\\]/.test(href) ? href : null;
}
