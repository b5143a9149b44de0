/** How a registry that many use differs from one that speaks the distribution spec and asks for no login. */
export interface Profile {
  /** The name that its logins have. */
  readonly username: string;
  /** How long a login is taken, seconds; for ever without. */
  readonly loginSeconds?: number;
  /** Logins go to a token service, which is part of the registry here; without, they go with every request. */
  readonly tokens?: {
    readonly path: string;
    readonly service: string;
    /** How long a token is taken. */
    readonly seconds: number;
    /** Whether the answer says how long that is. */
    readonly told: boolean;
    /** Whether who has no login gets a token to pull with. */
    readonly public: boolean;
    /** What a wrong login is answered with. */
    readonly refusal: 401 | 403;
  };
  /** Whether it has the referrers API, and lists there what refers to others. */
  readonly referrers: boolean;
  /** The longest page of a list of tags. */
  readonly tagsPerPage: number;
}

export const profiles = {
  /**
   * ghcr.io: a token even for what is public. It sends who asks for referrers to the pages for people, elsewhere.
   */
  ghcr: {
    username: 'octocat',
    tokens: { path: '/token', service: 'ghcr.io', seconds: 300, told: false, public: true, refusal: 403 },
    referrers: false,
    tagsPerPage: 100,
  },
  /** Amazon ECR: one name for all, whose password is made for 12 hours. When they are over, it says so with 403. */
  ecr: { username: 'AWS', loginSeconds: 12 * 3600, referrers: true, tagsPerPage: 100 },
  /** Harbor: accounts of robots, with a $ in their names, and nothing for who has no login. */
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
