import { randomBytes } from 'node:crypto';

/** What a placeholder of a secret looks like: 192 random bits, in characters that every header takes. */
export const placeholderPattern = /sallyport-secret-[A-Za-z0-9_-]{32}/g;

/** One that nobody has seen. */
export const newPlaceholder = (): string => `sallyport-secret-${randomBytes(24).toString('base64url')}`;
