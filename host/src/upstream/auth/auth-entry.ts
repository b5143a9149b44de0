/** `auth` of an upstream in sallyport.yaml. */
export type AuthEntry = {
  /** The environment variable of a child that contains the credential. */
  readonly env?: string | undefined;
} & { [Own in keyof AuthKinds]: Exactly<AuthKinds, Own> }[keyof AuthKinds];

/** The ways to get a credential, of which an upstream has exactly one. */
interface AuthKinds {
  readonly static: StaticEntry;
  readonly client_credentials: TokenEntry;
  readonly token_exchange: ExchangeEntry;
  readonly authorization_code: AccountEntry;
}

/** A type with the member `Own` of `All`, and none of the others. */
type Exactly<All, Own extends keyof All> = { readonly [Key in Own]: All[Key] } & {
  readonly [Key in Exclude<keyof All, Own>]?: undefined;
};

export interface StaticEntry {
  /** The name of a secret. */
  readonly secret: string;
  readonly header: string;
  /** Precedes the value, as in `Bearer`; absent where the value stands alone. */
  readonly scheme?: string | undefined;
}

/** An authorization server, and the gateway's registration with it. */
export interface ServerEntry {
  readonly token_url?: string | undefined;
  /** Its metadata names the token endpoint. */
  readonly issuer?: string | undefined;
  /** The authorization endpoint and the revocation endpoint, where there is no issuer. */
  readonly authorization_url?: string | undefined;
  readonly revocation_url?: string | undefined;
  readonly client_id: string;
  /** The name of a secret; absent for a public client. */
  readonly client_secret?: string | undefined;
  readonly client_auth: 'basic' | 'post';
  /** Further parameters of the request, which some servers require. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a token is requested for. */
export interface TokenEntry extends ServerEntry {
  readonly scopes: readonly string[];
  readonly audience?: string | undefined;
  readonly resource?: string | undefined;
}

export interface ExchangeEntry extends TokenEntry {
  readonly subject_token_type: string;
  readonly requested_token_type?: string | undefined;
  /** The claim by which both tokens must name the same user; by default `sub`, where their issuer is the same. */
  readonly same_claim?: string | undefined;
  /** The server that issues the access token for the assertion of the first. */
  readonly then_jwt_bearer?: (ServerEntry & Pick<TokenEntry, 'scopes' | 'resource'>) | undefined;
}

/** What a user is asked for at the authorization server of the upstream. */
export interface AccountEntry extends TokenEntry {
  /** Further parameters of the authorization request. */
  readonly authorization_parameters: Readonly<Record<string, string>>;
}
