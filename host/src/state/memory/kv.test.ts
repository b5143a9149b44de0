import { kvCases } from '../kv.case.ts';
import { createMemoryKv } from './kv.ts';

kvCases(createMemoryKv);
