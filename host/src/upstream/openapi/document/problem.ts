/** Something that is wrong in an OpenAPI document. */
export interface DocumentProblem {
  /** The place: a JSON pointer as a fragment, after the URL of the document where that is not the main one. */
  readonly at: string;
  readonly message: string;
}
