#!/usr/bin/env node
import { existsSync } from 'node:fs';
import './preflight.js';

// A clone runs the TypeScript as it is; the published package carries JavaScript, because Node strips no types
// below node_modules.
const published = new URL('../dist/main.js', import.meta.url);
await import(existsSync(published) ? published : new URL('../main.ts', import.meta.url));
