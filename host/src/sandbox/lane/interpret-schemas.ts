import { config } from 'zod';

// Schemas would make code of text where they can, and a lane loses what makes it. Said before any schema is made.
config({ jitless: true });
