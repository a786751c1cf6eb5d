import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinc150 } from './clinc150.ts';
import { clincIntents } from './clinc150-intents.ts';
import { docsOf, type Files, preferring, runSample } from './sample-run.test.support.ts';

const said = (text: string, intent: string) => ({ text, intent });
const messages: Files = {
  'train.jsonl': clincIntents.map((intent) => said(`about ${intent}`, intent)),
  'oos_train.jsonl': [said('who won', 'oos'), said('not shown', 'oos')],
  'val.jsonl': [said('flip it', 'flip_coin'), said('my balance', 'balance'), said('go there', 'directions')],
  'oos_val.jsonl': [said('is it art', 'oos'), said('sing', 'oos')],
};

test('clinc150: five intents and one stranger are shown; names are judged per character', async (t) => {
  const docs = await docsOf(t, clinc150, messages);
  const request = clinc150.request(docs[0]);
  assert.equal(request.kind, 'loglikelihood');
  if (request.kind !== 'loglikelihood') return;
  assert.equal(
    request.context,
    'Message: about accept_reservations\nIntent: accept reservations\n\nMessage: about credit_score\nIntent: credit score\n\n' +
      'Message: about international_fees\nIntent: international fees\n\nMessage: about pto_request_status\nIntent: pto request status\n\n' +
      'Message: about thank_you\nIntent: thank you\n\nMessage: who won\nIntent: out of scope\n\n' +
      'Message: flip it\nIntent:',
  );
  assert.equal(request.continuations.length, 151);
  assert.equal(request.continuations[150], ' out of scope');
  // −6 for 9 characters beats −5 for 7: .667 against .714.
  const perCharacter = await runSample(t, clinc150, messages, {
    logp: (_, text) => (text === ' flip coin' ? -6 : text === ' balance' ? -5 : -1000),
  });
  assert.equal(perCharacter.items[0]!.prediction, 'flip_coin');
  assert.equal(perCharacter.figures['in_scope_accuracy'], 1 / 3);
  assert.equal(perCharacter.figures['out_of_scope_precision'], null);
});

test('clinc150: out of scope by recall and precision', async (t) => {
  const pick = (context: string) =>
    context.includes('flip it') ? ' flip coin' : /sing|go there/.test(context) ? ' out of scope' : ' balance';
  const { figures, items } = await runSample(t, clinc150, messages, preferring(pick));
  assert.deepEqual(figures, { in_scope_accuracy: 2 / 3, out_of_scope_recall: 0.5, out_of_scope_precision: 0.5 });
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['correct', 'correct', 'abstained', 'incorrect', 'correct'],
  );
});

test('clinc150: an unknown intent, and a shown one without a message', async (t) => {
  await assert.rejects(
    docsOf(t, clinc150, { ...messages, 'val.jsonl': [said('x', 'coffee')] }),
    /the intent "coffee" is none of CLINC150's 150, and not oos/,
  );
  await assert.rejects(
    docsOf(t, clinc150, { ...messages, 'train.jsonl': [said('x', 'yes')] }),
    /train\.jsonl has no message of the intent accept_reservations, which the prompt shows/,
  );
});
