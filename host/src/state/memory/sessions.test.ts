import { describeSessionStore } from '../session-store.case.ts';
import { MemorySessions } from './sessions.ts';

describeSessionStore('memory', idleMs => new MemorySessions(idleMs));
