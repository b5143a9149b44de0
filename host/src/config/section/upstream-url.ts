import { z } from 'zod';
import { headerName } from '../../core/http-header.ts';
import { headerNameProblems, headerValue } from '../header.ts';

/** Headers that the gateway sends to an upstream. */
export const upstreamHeaders = z
  .record(
    z.string().regex(headerName, 'not the name of a header: expected letters, digits and hyphens'),
    z
      .string()
      .regex(headerValue, 'a header cannot contain line breaks, control characters or characters outside Latin-1')
      .transform(value => value.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '')),
  )
  .superRefine((stated, context) => {
    for (const { name, message } of headerNameProblems(stated)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .default({})
  .describe('Sent with each request. White space around a value is removed.');

/** The URL of an upstream. */
export const upstreamUrl = z
  .url({ protocol: /^https?$/, error: 'expected an http or https URL', abort: true })
  .refine(
    text => URL.parse(text)?.username === '' && URL.parse(text)?.password === '',
    'the user and password of a URL are never sent: use `headers: { authorization: Basic … }` instead',
  );
