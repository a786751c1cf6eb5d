import type { Claim } from './documents.ts';
import { statement } from './statements.ts';
import { citations, type SourceType } from './words.ts';

/** A claim and what kind of source makes it. */
export interface Source extends Claim {
  readonly type: SourceType;
}

/** `sources : [1] registry : keten year 1724 . [2] …` */
export function listSources(sources: readonly Source[]): string {
  return listTexts(sources.map(({ type, ...claim }) => [type, claimText(claim)]));
}

/** The same for sources that say anything. */
export function listTexts(sources: readonly (readonly [type: SourceType, text: string])[]): string {
  return `sources : ${sources.map(([type, text], i) => `${citations[i]} ${type} : ${text} .`).join(' ')}`;
}

export function claimText({ entity, attribute, value }: Claim): string {
  return statement(entity, attribute, value);
}
