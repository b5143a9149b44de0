import { Fault } from '../core/fault.ts';

/** Hints for errors other than an address in use. */
const hints: Readonly<Record<string, string>> = {
  EACCES: 'This user may not use the port: choose one above 1023, or give the process CAP_NET_BIND_SERVICE.',
  EADDRNOTAVAIL: 'This machine does not have this address: use one that it has, or 0.0.0.0 for all of them.',
  ENOTFOUND: 'The name has no address: write the address itself.',
  EAI_AGAIN: 'The name could not be looked up: write the address itself.',
  EMFILE: 'The process has too many files open: raise its limit (`ulimit -n`, `LimitNOFILE`).',
};

/** Converts an error of listening to a fault `listen_failed`. */
export function listenFault(address: string, cause: NodeJS.ErrnoException): Fault {
  const hint = hints[cause.code ?? ''];
  return new Fault('listen_failed', { address, what: cause.message, ...(hint && { hint }) }, cause);
}
