import { kvCases } from './kv.case.ts';
import { createMemoryKv } from './kv-memory.ts';

kvCases(createMemoryKv);
