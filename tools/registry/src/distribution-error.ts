/** The error codes of the OCI distribution spec (§ Error Codes). */
const statusOf = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 416,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
} as const;

export type DistributionCode = keyof typeof statusOf;

/** An error response with the spec's body. */
export class DistributionError extends Error {
  override readonly name = 'DistributionError';
  readonly code: DistributionCode;
  readonly status: number;

  constructor(code: DistributionCode, message: string, status: number = statusOf[code]) {
    super(message);
    this.code = code;
    this.status = status;
  }

  get body(): string {
    return JSON.stringify({ errors: [{ code: this.code, message: this.message }] });
  }
}

/** @throws DistributionError */
export function refuse(code: DistributionCode, message: string, status?: number): never {
  throw new DistributionError(code, message, status);
}
