import { replaceText, transform } from '@sallyport/plugin';

interface Config {
  readonly word: string;
  readonly replacement: string;
}

export const { lifecycle, dispatchHooks } = transform<Config>({
  defaults: { word: 'password', replacement: '[hidden]' },

  configure({ word }) {
    if (word === '') throw new Error('word must not be empty');
  },

  after(response, _context, { word, replacement }) {
    const outcome = replaceText(response, text => text.replaceAll(word, () => replacement));
    if (outcome.tag === 'modified') console.debug('replaced');
    return outcome;
  },
});
