import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoringGolden, skipWithoutGolden } from '../golden.test.fixture.ts';
import { porterStem } from './porter-stem.ts';

test("stems equal NLTK's", { skip: skipWithoutGolden }, () => {
  for (const [word, stem] of scoringGolden<{ stems: [string, string][] }>('stems.json').stems)
    assert.equal(porterStem(word), stem, word);
});

test('examples of the paper, and what NLTK changes', () => {
  const stems: Readonly<Record<string, string>> = {
    caresses: 'caress',
    ponies: 'poni',
    agreed: 'agre',
    plastered: 'plaster',
    hopping: 'hop',
    falling: 'fall',
    filing: 'file',
    relational: 'relat',
    hopefulness: 'hope',
    adoption: 'adopt',
    controlling: 'control',
    dies: 'die',
    died: 'die',
    enjoy: 'enjoy',
    dying: 'die',
    skies: 'sky',
    is: 'is',
  };
  for (const [word, stem] of Object.entries(stems)) assert.equal(porterStem(word), stem, word);
});
