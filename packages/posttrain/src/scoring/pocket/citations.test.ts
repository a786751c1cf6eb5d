import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pocketAuthority, readPocketSources, scorePocketCitations } from './citations.ts';

const question =
  'sources : [1] rumor : keten year 1701 . [2] journal : keten year 1724 . [3] registry : velda town koril . question : what is keten year ?';
const sources = readPocketSources(question);

test('sources are read from the question, and a question without any has none', () => {
  assert.deepEqual(sources, [
    { type: 'rumor', text: 'keten year 1701' },
    { type: 'journal', text: 'keten year 1724' },
    { type: 'registry', text: 'velda town koril' },
  ]);
  assert.deepEqual(readPocketSources('question : what is keten year ?'), []);
});

async function shares(text: string): Promise<string> {
  const score = await scorePocketCitations({ text, ended: true }, sources);
  const authority = pocketAuthority(score, sources, ['[2]', '[1]']);
  return [score.recall, score.precision, score.validity, authority].join(' ');
}

test('recall, precision, validity and authority by hand', async () => {
  assert.equal(await shares('keten year 1724 [2] .'), '1 1 1 1');
  assert.equal(await shares('keten year 1701 [1] .'), '1 1 1 0', 'a wrong source may be cited perfectly');
  assert.equal(await shares('keten year 1724 [1] .'), '0 0 1 ');
  assert.equal(await shares('keten year 1724 .'), '0   ');
  assert.equal(await shares('keten year 1724 [2] [7] .'), '1 0.5 0.5 1');
  assert.equal(await shares('keten year 1724 [2] . velda town koril [2] .'), '0.5 0.5 1 ');
  assert.equal(await shares('keten year 1724 [2] . velda town koril [3] .'), '1 1 1 1');
  assert.equal(await shares('keten year not stated .'), '0   ');
  assert.equal(await shares(''), '0   ');
});
