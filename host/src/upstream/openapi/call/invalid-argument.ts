/** An argument that cannot be sent. The message is for the caller. */
export class InvalidArgument extends Error {
  override readonly name = 'InvalidArgument';
}
