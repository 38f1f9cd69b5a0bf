/** Bytes that are not the message which they claim to be: where it ends is in doubt, so nothing more may be read of its connection. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
  /** It is only too large: trailers beyond their bound. */
  readonly tooLarge: boolean;

  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}
