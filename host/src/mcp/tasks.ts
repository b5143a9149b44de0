import { isJsonObject, type JsonObject } from '../core/json.ts';

/**
 * Adapts a tool list for clients of the gateway. Tasks are not passed on, so tools are listed without task support, and
 * tools that only run as a task are left out (MCP 2025-11-25, Tasks § Tool-Level Negotiation).
 */
export function withoutTasks(tools: readonly JsonObject[]): { tools: readonly JsonObject[]; leftOut: string[] } {
  if (!tools.some(hasExecution)) return { tools, leftOut: [] };
  const leftOut: string[] = [];
  const kept = tools.flatMap(tool => {
    const { execution, ...rest } = tool;
    if (!isJsonObject(execution) || execution.taskSupport === undefined) return [tool];
    const { taskSupport, ...others } = execution;
    if (taskSupport === 'required') {
      leftOut.push(String(tool.name));
      return [];
    }
    return [Object.keys(others).length === 0 ? rest : { ...rest, execution: others }];
  });
  return { tools: kept, leftOut };
}

const hasExecution = ({ execution }: JsonObject) => isJsonObject(execution) && execution.taskSupport !== undefined;
