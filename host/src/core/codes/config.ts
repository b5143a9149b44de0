import type { CodeFamily } from './code.ts';

/** The operator's configuration: sallyport.yaml and the environment. */
export const configCodes = {
  config_unreadable: {
    exit: 3,
    says: 'The configuration file cannot be read.',
    todo: 'Pass its path with `-c`, or create sallyport.yaml; docs/operator-guide.md starts with a small example.',
  },
  config_invalid: {
    exit: 3,
    says: 'The configuration is invalid.',
    todo: 'Fix this setting. docs/operator-guide.md describes it.',
  },
  reload_refused: {
    exit: 3,
    says: 'A running gateway cannot make this change of its configuration.',
    todo: 'Restart the gateway, or leave the setting as it was. Nothing was changed.',
  },
  import_invalid: {
    exit: 2,
    says: 'The file cannot be imported.',
    todo: 'Fix the reported place, or leave that server out of the file.',
  },
  proxy_invalid: {
    exit: 3,
    says: 'An environment variable for the proxy does not hold a proxy URL.',
    todo: 'Set HTTP_PROXY or HTTPS_PROXY to a URL such as http://proxy.example:3128, or unset it.',
  },
} as const satisfies CodeFamily;
