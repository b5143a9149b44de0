/** A type of the Component Model as data. Fields and cases keep their order; a resource is `interface/name`. */
export type ContractType =
  | string
  | { readonly list: ContractType; readonly length?: number }
  | { readonly option: ContractType }
  | { readonly tuple: readonly ContractType[] }
  | { readonly result: readonly [ok: ContractType | null, error: ContractType | null] }
  | { readonly record: Members<ContractType> }
  | { readonly variant: Members<ContractType | null> }
  | { readonly enum: readonly string[] }
  | { readonly flags: readonly string[] }
  | { readonly own: string }
  | { readonly borrow: string };

type Members<T> = readonly (readonly [name: string, type: T])[];

/** A function of an interface. */
export interface ContractFunction {
  readonly params: Members<ContractType>;
  readonly result: ContractType | null;
}

/** The functions of interfaces, by the interface's full name and the function's. */
export type ContractTable = Readonly<Record<string, Readonly<Record<string, ContractFunction>>>>;
