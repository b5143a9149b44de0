/** The reason of a call that ends without an answer, because its client cancelled it or left. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
