import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoringGolden, skipWithoutGolden } from '../golden.test.fixture.ts';
import { readInstructions, verifyInstructions } from './instructions.ts';
import { treebankWords } from './treebank-words.ts';
import type { IfevalTools } from './verifier.ts';

type Fixture = {
  texts: string[];
  instructions: { id: string; kwargs: Record<string, unknown>; strict: string; loose: string }[];
};

/** The toys that golden/scoring/make.py gives the reference in place of langdetect and Punkt. */
const tools: IfevalTools = {
  detectLanguage: (text) => (text.toLowerCase().includes(' the ') ? 'en' : 'fr'),
  splitSentences: (text) => text.split('.').filter((piece) => piece.trim() !== ''),
};

test("all 25 verifiers agree with lm-eval's, strict and loose, on every prompt's arguments", {
  skip: skipWithoutGolden,
}, () => {
  const { texts, instructions } = scoringGolden<Fixture>('ifeval.json');
  assert.equal(new Set(instructions.map(({ id }) => id)).size, 25);
  for (const { id, kwargs, strict, loose } of instructions) {
    const read = readInstructions({ instruction_id_list: [id], kwargs: [kwargs] });
    texts.forEach((text, i) => {
      const result = verifyInstructions(read, text, tools);
      const shown = `${id} ${JSON.stringify(kwargs)} on ${JSON.stringify(text)}`;
      assert.equal(result.strict[0], strict[i] === '1', `strict: ${shown}`);
      assert.equal(result.loose[0], loose[i] === '1', `loose: ${shown}`);
    });
  }
});

test("words equal NLTK's on texts made to be hard", { skip: skipWithoutGolden }, () => {
  for (const { text, words } of scoringGolden<{ texts: { text: string; words: string[] }[] }>('words.json').texts)
    assert.deepEqual(treebankWords(text), words, JSON.stringify(text));
});
