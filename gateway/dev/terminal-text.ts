/**
 * Control sequences of terminals (ECMA-48): CSI, strings with a terminator (OSC, DCS, SOS, PM, APC), other escape sequences, and control
 * characters except the tab.
 */
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with ESC
const colour = /^\x1b\[[\d;:]*m$/;
const resetColour = '\x1b[0m';

/** The text without anything that a terminal acts upon: a process must not move our cursor, rename the window or hide a line. */
export function plainText(text: string): string {
  return text.replace(controls, '');
}

/** The same, but colours (SGR) stay, and end with the text. */
export function colouredText(text: string): string {
  let coloured = false;
  const kept = text.replace(controls, (sequence) => {
    const keep = colour.test(sequence);
    coloured ||= keep;
    return keep ? sequence : '';
  });
  return coloured ? kept + resetColour : kept;
}
