import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { type FaultDetails, fail } from '../../core/fault.ts';
import { readBounded } from '../read-verified-body.ts';
import { formatReference, type Reference } from '../reference.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';
import { type Credentials, dockerCredentials } from './find-login.ts';
import { type AddressPolicy, registryUrl } from './registry-address.ts';
import { defaultPatience, type Patience, withRetries } from './retry.ts';
import { type Answer, type Call, createTransport, type Transport } from './transport.ts';

export interface RepositoryOptions extends AddressPolicy {
  /** Logins for the registry. By default those of Docker's own configuration. */
  readonly credentials?: Credentials;
  readonly patience?: Partial<Patience>;
}

/** How far the transfer of one blob is, in bytes. */
export interface Moved {
  readonly digest: Digest;
  readonly done: number;
  readonly total: number;
}

export type Progress = (moved: Moved) => void;

/** One request about the repository. */
export type RepositoryCall = Omit<Call, 'reference'>;

/** One repository of one registry: where its calls go, the rights they need, and what their failures mean. */
export class Repository {
  readonly reference: string;
  readonly registry: URL;
  readonly policy: AddressPolicy;
  /** The scope of calls that only read. */
  readonly pull: string;
  /** The scope of calls that write. */
  readonly push: string;
  readonly #name: string;
  readonly #patience: Patience;
  readonly #authorizer: Authorizer;
  readonly #transport: Transport;

  constructor(target: Reference, { credentials = dockerCredentials(), patience, ...policy }: RepositoryOptions = {}) {
    const { registry, repository } = target;
    this.reference = formatReference(target);
    this.registry = registryUrl(registry, policy);
    this.policy = policy;
    this.pull = `repository:${repository}:pull`;
    this.push = `repository:${repository}:pull,push`;
    this.#name = repository;
    this.#patience = { ...defaultPatience, ...patience };
    const url = this.registry;
    this.#authorizer = createAuthorizer({ registry, repository, url, credentials, ...policy });
    this.#transport = createTransport({ url, authorizer: this.#authorizer, patience: this.#patience, ...policy });
  }

  /** Returns the URL of a path below the repository, such as `manifests/latest`. */
  at(path: string): URL {
    return new URL(`/v2/${this.#name}/${path}`, this.registry);
  }

  /** Makes one attempt at a call; `read` takes the answer, whatever its status. @throws as Transport does */
  send<T>(call: RepositoryCall, read: (answer: Answer) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#transport({ ...call, reference: this.reference }, read, signal);
  }

  /** Runs `attempt` again after failures that may be temporary. @throws Fault `registry_unreachable` */
  retry<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withRetries(attempt, this.#patience, { reference: this.reference }, signal);
  }

  /** Reads what a path answers with status 200. @throws Faults of `send`, `retry` and `expect` */
  get<T>(
    path: string,
    headers: Record<string, string>,
    read: (answer: Answer) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const call = { method: 'GET', url: this.at(path), headers, scope: this.pull } as const;
    return this.retry(() => this.send(call, async answer => read(await this.expect(answer, 200)), signal), signal);
  }

  /** Returns an answer that has the wanted status. @throws Fault `artifact_not_found`, `registry_denied`, `registry_answer` */
  async expect(answer: Answer, status: number): Promise<Answer> {
    if (answer.status === status) return answer;
    const details = { ...this.#details(), status: answer.status, ...(await errorOf(answer)) };
    if (answer.status === 404) return fail('artifact_not_found', details);
    if (answer.status === 401 || answer.status === 403) {
      return fail('registry_denied', { ...details, login: this.#authorizer.from ?? 'none' });
    }
    return fail('registry_answer', details);
  }

  /** Refuses an answer that the specification does not allow. @throws Fault `registry_answer` */
  refuse(what: string): never {
    return fail('registry_answer', { ...this.#details(), what });
  }

  #details() {
    return { reference: this.reference, registry: this.registry.host };
  }
}

const errorBodySchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

/** Reads the first error of the specification's error body (§ Error Codes), short and printable. */
async function errorOf({ body }: Answer): Promise<FaultDetails> {
  try {
    const bytes = await readBounded(body, 64 * 1024, () => fail('registry_answer'));
    const [error] = errorBodySchema.parse(JSON.parse(Buffer.from(bytes).toString())).errors;
    const text = `${error?.code}: ${error?.message ?? ''}`.replace(/[^\x20-\x7e]+/g, ' ');
    return { answer: text.slice(0, 200) };
  } catch {
    return {};
  }
}
