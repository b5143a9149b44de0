/** How a well-known registry differs from a plain one that follows the distribution spec and needs no login. */
export interface Profile {
  /** The username of its logins. */
  readonly username: string;
  /** The lifetime of a login in seconds; unlimited if absent. */
  readonly loginSeconds?: number;
  /** The token service that logins are sent to, here part of the registry; if absent, every request carries the login. */
  readonly tokens?: {
    readonly path: string;
    readonly service: string;
    /** The lifetime of a token in seconds. */
    readonly seconds: number;
    /** Whether the response states that lifetime. */
    readonly told: boolean;
    /** Whether anonymous clients get a pull token. */
    readonly public: boolean;
    /** The status for a wrong login. */
    readonly refusal: 401 | 403;
  };
  /** Whether it has the referrers API and lists referrers there. */
  readonly referrers: boolean;
  /** The largest page size of a tag list. */
  readonly tagsPerPage: number;
}

export const profiles = {
  /**
   * ghcr.io requires a token even for public artifacts, and redirects requests for referrers to its web pages.
   */
  ghcr: {
    username: 'octocat',
    tokens: { path: '/token', service: 'ghcr.io', seconds: 300, told: false, public: true, refusal: 403 },
    referrers: false,
    tagsPerPage: 100,
  },
  /** Amazon ECR has one username for all, with a password that expires after 12 hours; it then answers 403. */
  ecr: { username: 'AWS', loginSeconds: 12 * 3600, referrers: true, tagsPerPage: 100 },
  /** Harbor has robot accounts, with a $ in their names, and nothing for anonymous clients. */
  harbor: {
    username: 'robot$ci',
    tokens: {
      path: '/service/token',
      service: 'harbor-registry',
      seconds: 1800,
      told: true,
      public: false,
      refusal: 401,
    },
    referrers: true,
    tagsPerPage: 100,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as readonly ProfileName[];
