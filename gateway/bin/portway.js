#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import './preflight.js';

// What was compiled once is not compiled again: half of the time of a start is that.
module.enableCompileCache?.();

// A clone runs the TypeScript as it is, whatever a publish has left in dist/; the published package carries
// JavaScript alone, because Node strips no types below node_modules.
const source = new URL('../main.ts', import.meta.url);
await import(existsSync(source) ? source : new URL('../dist/program/main.js', import.meta.url));
