/** A configuration from elsewhere that somebody vouches for. */

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type FileContent, readText } from './content.ts';

/** Begins the last line: a signature (Ed25519, RFC 8032, in base64) of all that stands before it, byte for byte. */
const MARK = '# signature: ';

/**
 * The content, where its last line is a signature by this key; else why it can't be used.
 * @param keyFile of the public key, in PEM
 */
export async function signedContent(content: FileContent, keyFile: string): Promise<FileContent> {
  if (!content.ok) return content;
  const refused = (found: string, hint: string): FileContent => ({
    ...{ ok: false, expected: 'a configuration that the key of PORTWAY_CONFIG_KEY vouches for' },
    ...{ found, hint, hash: `${content.hash} ${found}` },
  });
  const key = await publicKey(keyFile);
  if (key === null) return refused(`no such key in ${keyFile}`, 'name the PEM file of an Ed25519 public key');
  const at = content.text.lastIndexOf(`\n${MARK}`) + 1;
  if (at === 0) return refused('none that is signed', `its last line has to be: ${MARK}...`);
  const [signed, written] = [content.text.slice(0, at), content.text.slice(at + MARK.length).trim()];
  // Nothing after the signature would be signed.
  const isSignature = /^[A-Za-z0-9+/]{86}==$/.test(written);
  return isSignature && verify(null, Buffer.from(signed), key, Buffer.from(written, 'base64'))
    ? content
    : refused('one that another key has signed, or that was changed since', 'sign it anew');
}

async function publicKey(file: string): Promise<KeyObject | null> {
  try {
    const key = createPublicKey(await readText(file));
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}
