/** The next power of two: what is learned of an amount, so that many uses leave few different records. */
export const powerOfTwo = (amount: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, amount)));
