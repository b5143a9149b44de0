import { matchesParts } from '../core/glob.ts';

/**
 * Whether a URI template (RFC 6570) can expand to `uri`, or is it. Its expressions count as anything: this only says where
 * a URI may belong.
 */
export const canExpandTo = (template: string, uri: string): boolean =>
  template === uri || matchesParts(template.split(/\{[^{}]*\}/), uri);
