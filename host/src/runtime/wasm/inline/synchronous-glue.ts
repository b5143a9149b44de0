import type { AnyNode } from 'acorn';
import { ContractBroken } from '../../../capability/lane/lane-side.ts';
import { childrenOf } from '../glue/free-identifiers.ts';
import { parseGlue } from '../glue/parse-glue.ts';

/**
 * Refuses glue that could run code after its call, or reach Node: functions that wait make promises, and a promise
 * that is rejected ends the gateway; `import()` returns a promise of the gateway's realm. Code from text is off in the
 * realm, so there is no other way to such code. It does not rely on the check of glue.
 * @throws ContractBroken
 */
export function requireSynchronousGlue(glue: string): void {
  const next: AnyNode[] = [parseGlue(glue)];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    const waits = 'async' in node ? node.async : 'await' in node ? node.await : node.type === 'AwaitExpression';
    if (waits === true || node.type === 'ImportExpression' || node.type === 'MetaProperty')
      throw new ContractBroken(`its glue has a ${node.type} that waits, which cannot run inline`);
    next.push(...childrenOf(node));
  }
}
