/** Returns a media type without its parameters, in lower case. */
export const essenceOf = (mediaType: string): string => (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();

export const isJsonType = (mediaType: string): boolean => /^[\w.+-]+\/([\w.-]+\+)?json$/.test(essenceOf(mediaType));

/** Whether a media type is text that a model can read. */
export const isTextType = (mediaType: string): boolean =>
  /^(text\/.*|[\w.-]+\/([\w.-]+\+)?(xml|yaml)|application\/(x-yaml|javascript|graphql|x-ndjson|jsonl|json-seq|toml|sql))$/.test(
    essenceOf(mediaType),
  );
