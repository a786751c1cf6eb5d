import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Engine } from './setup.ts';

/** What computes, as a part of every model's fingerprint: `posttrain 0.1.0, torch 2.13.0`. */
export function engineName({ torch, addon }: Engine): string {
  const manifest = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const hash = () => createHash('sha256').update(readFileSync(addon)).digest('hex').slice(0, 12);
  return `posttrain ${version}, torch ${torch?.version ?? `of addon ${hash()}`}`;
}
