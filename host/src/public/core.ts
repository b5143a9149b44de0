/** Faults, digests, JSON, files and text. It loads no package, so that a command line starts fast. */

export { codes, type FaultCode } from '../core/codes/index.ts';
export { type Digest, digestOf, isDigest } from '../core/digest.ts';
export { writeDurably } from '../core/durable-file.ts';
export { Fault, type FaultDetails, Faults, fail, toFaults } from '../core/fault.ts';
export { faultsAsJson, faultsAsText } from '../core/fault-text.ts';
export { fileProblem } from '../core/file-problem.ts';
export { homeFolder } from '../core/home-folder.ts';
export { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
export { repeatedName } from '../core/json-repeat.ts';
export { isLoopback } from '../core/loopback.ts';
export { nearest } from '../core/nearest.ts';
export { readRegularFile } from '../core/regular-file.ts';
export { oneLine, visible } from '../core/visible.ts';
