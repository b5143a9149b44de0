import type { Json } from '../../../core/json.ts';
import type { OpenapiDocument, Placed } from '../document/openapi-document.ts';
import type { DocumentProblem } from '../document/problem.ts';
import type { SchemaBudget } from './schema-budget.ts';

/** Collects what is wrong with one operation while it is read. */
export class OperationContext {
  readonly document: OpenapiDocument;
  /** What all operations may need together. */
  readonly budget: SchemaBudget;
  readonly problems: DocumentProblem[] = [];
  readonly warnings: string[] = [];

  constructor(document: OpenapiDocument, budget: SchemaBudget) {
    this.document = document;
    this.budget = budget;
  }

  problem(url: string, message: string): void {
    this.problems.push({ at: this.document.placeOf(url), message });
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Follows references, and reports one that leads nowhere. */
  follow(value: Json | undefined, url: string): Placed | undefined {
    const placed = this.document.follow(value, url);
    if (placed === undefined && value !== undefined) {
      this.problem(`${url}/$ref`, 'it refers to something that does not exist, or in a circle');
    }
    return placed;
  }
}
