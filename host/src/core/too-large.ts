/** Thrown when a body exceeds its limit. */
export class TooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number, message = `more than ${limitBytes} bytes`) {
    super(message);
    this.limitBytes = limitBytes;
  }
}
