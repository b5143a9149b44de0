/** Where clients send the browser back to. Nothing listens there. */
export const callback = 'http://127.0.0.1:9/callback';

/**
 * Signs in at the pages of the provider as a browser would, and agrees to everything.
 * @returns the URL to which the browser is sent back
 */
export async function signIn(authorization: URL, login: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = authorization;
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 12; steps += 1) {
    if (at.href.startsWith(callback)) return at;
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(each => each.join('=')).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const page = await response.text();
    const location = response.headers.get('location');
    form = undefined;
    if (location !== null) {
      at = new URL(location, at);
      continue;
    }
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    const [, prompt = ''] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
    if (action === undefined) throw new Error(`no form at ${at.href} (${response.status}): ${page.slice(0, 500)}`);
    at = new URL(action, at);
    form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'any' }) });
  }
  throw new Error('the provider does not send the browser back');
}
