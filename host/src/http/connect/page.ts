import { hash } from 'node:crypto';
import { htmlText } from '../../core/html-text.ts';

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}
dt{font-weight:600}dd{margin:0 0 .75rem}button{font:inherit;padding:.5rem 1.25rem}`;
const styleHash = hash('sha256', style, 'base64');

/** HTML that is safe to put into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes HTML, with all texts in it escaped. */
export const html = (parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html =>
  new Html(parts.map((part, index) => part + safe(values[index] ?? '')).join(''));

function safe(value: string | Html | readonly Html[]): string {
  if (value instanceof Html) return value.text;
  if (typeof value !== 'string') return value.map(each => each.text).join('');
  return htmlText(value);
}

/** Returns the text of a page. */
export const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>${title}</title><style>${new Html(style)}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`.text;

/**
 * Returns the headers of a page: it runs no script, loads nothing, is shown in no frame, and is neither stored nor named to
 * the pages that it leads to.
 * @param formTarget the origin that the answer to the form leads to, which some browsers check like the form itself
 */
export const pageHeaders = (formTarget?: string): Readonly<Record<string, string>> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    ...["default-src 'none'", `style-src 'sha256-${styleHash}'`, "base-uri 'none'", "frame-ancestors 'none'"],
    formTarget === undefined ? "form-action 'none'" : `form-action 'self' https: ${formTarget}`,
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
});
