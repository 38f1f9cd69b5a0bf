/** Bytes that are not the message which they claim to be: where it ends is in doubt, so nothing more may be read of its connection. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}
