import { describeSessionStore } from '../sessions.case.ts';
import { MemorySessions } from './sessions.ts';

describeSessionStore('memory', idleMs => new MemorySessions(idleMs));
