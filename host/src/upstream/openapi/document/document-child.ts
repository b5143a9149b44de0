/**
 * The program of the child process that parses OpenAPI documents and checks their structure. What it reads comes from
 * others: a text can need more memory or time than it should, and the validator generates code. It answers one message
 * with another, and ends with its parent.
 */
import { isJsonObject } from '../../../core/json.ts';
import { checkStructure } from './check-structure.ts';
import type { DocumentAnswer, DocumentOrder } from './document-parser.ts';
import { NotParsed, parseText } from './parse-text.ts';

process.on('message', async (order: DocumentOrder) => process.send?.(await answer(order)));
process.on('disconnect', () => process.exit());

async function answer({ text, isMain }: DocumentOrder): Promise<DocumentAnswer> {
  try {
    const value = parseText(text);
    const isChecked = isMain && isJsonObject(value) && /^3\.[012]\b/.test(String(value.openapi));
    return { value, problems: isChecked ? await checkStructure(value) : [] };
  } catch (thrown) {
    if (thrown instanceof NotParsed) return { why: thrown.message };
    return { why: thrown instanceof RangeError ? 'it is nested too deeply' : String(thrown) };
  }
}
