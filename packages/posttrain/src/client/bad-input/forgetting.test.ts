import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuses, type Scene, writeRows } from '../../testing/provoke.ts';

/** What is wrong with the files that forgetting is measured on is said before anything is made. */

/** Writes a file of the scene; the recipe measures on it. */
const text = (at: Scene, name: string, content: string) => {
  writeFileSync(join(at.root, name), content);
  return { forgetting: join(at.root, name) };
};
const suite = (at: Scene, rows: readonly unknown[]) => {
  writeRows(join(at.root, 'suite.jsonl'), rows);
  return { forgetting: { suite: join(at.root, 'suite.jsonl') } };
};
const good = { prompt: 'The sky is', choices: ['blue', 'green'], gold: 0 };

refuses(
  'a text that is not there',
  (at) => ({ forgetting: join(at.root, 'gone.txt') }),
  'file-missing: there is no file ROOT/gone.txt.\n  in forgetting.text',
);

refuses(
  'a text of another kind',
  (at) => text(at, 'neutral.csv', 'text\nSome.\n'),
  'data-invalid: ROOT/neutral.csv is no text: its name ends in .csv.\n  in ROOT/neutral.csv forgetting.text\n  help: a neutral text is a .txt or .md file, or .jsonl of {"text"}.',
);

refuses(
  'an empty text',
  (at) => text(at, 'neutral.txt', ' \n'),
  'data-empty: ROOT/neutral.txt holds no text.\n  in ROOT/neutral.txt forgetting.text',
);

refuses(
  'a file without rows',
  (at) => text(at, 'neutral.jsonl', '\n'),
  'data-empty: ROOT/neutral.jsonl holds no rows.\n  in ROOT/neutral.jsonl forgetting.text',
);

refuses(
  'a text that is not UTF-8',
  (at) => {
    writeFileSync(join(at.root, 'neutral.txt'), Buffer.from([0xff, 0xfe, 0x41]));
    return { forgetting: join(at.root, 'neutral.txt') };
  },
  'file-unreadable: ROOT/neutral.txt is not UTF-8 text.\n  in ROOT/neutral.txt forgetting.text',
);

refuses(
  'a text too short to tell anything',
  (at) => text(at, 'neutral.txt', 'Some words. '.repeat(200)),
  'data-invalid: ROOT/neutral.txt holds 3 windows, and 10 are the least that tell anything.\n  in ROOT/neutral.txt forgetting.text\n  help: a window is at most 1024 characters of one document.',
);

refuses(
  'rows without text, each with what is wrong',
  (at) => text(at, 'neutral.jsonl', '{"text":"good"}\n{"content":"no"}\n{"text":7}\n[1]\n{"text"\n'),
  /^data-invalid: 4 of 5 rows of forgetting\.text cannot be used:\n {2}ROOT\/neutral\.jsonl:2: it has no "text"\.\n {2}ROOT\/neutral\.jsonl:3: "text" is 7, which is no text\.\n {2}ROOT\/neutral\.jsonl:4: it is no JSON object\.\n {2}ROOT\/neutral\.jsonl:5: it is not JSON: /,
);

refuses(
  'questions that cannot be judged, each with what is wrong',
  (at) =>
    suite(at, [
      good,
      { question: 'Which?' },
      { ...good, gold: 2 },
      { ...good, gold: undefined },
      { ...good, choices: ['blue', 'blue'] },
      { ...good, answer: 'blue' },
    ]),
  'data-invalid: 5 of 6 rows of forgetting.suite cannot be used:\n' +
    '  ROOT/suite.jsonl:2: it has no "prompt".\n' +
    '  ROOT/suite.jsonl:3: "gold" is 2, and must be the index of a choice, 0 to 1.\n' +
    '  ROOT/suite.jsonl:4: "gold" is missing, and must be the index of a choice, 0 to 1.\n' +
    '  ROOT/suite.jsonl:5: it has neither "answer" nor two or more different "choices".\n' +
    '  ROOT/suite.jsonl:6: it has "choices" and "answer".\n' +
    '  in ROOT/suite.jsonl:2\n' +
    '  help: a question is {"prompt", "choices", "gold"}, gold being the index of the right choice, or {"prompt", "answer"}.',
);

refuses(
  'questions that are longer than the model sees',
  (at) => suite(at, [...Array(10).fill(good), { ...good, prompt: 'sky '.repeat(300) }]),
  /^data-invalid: 1 of 11 rows of forgetting\.suite cannot be used:\n {2}ROOT\/suite\.jsonl:11: it is \d+ tokens long, and the model sees 256\./,
);

refuses(
  'too few questions',
  (at) => suite(at, [good, good]),
  'data-invalid: ROOT/suite.jsonl holds 2 questions, and 10 are the least that tell anything.\n  in ROOT/suite.jsonl forgetting.suite\n  help: a suite of 200 questions tells a change of about 8 points.',
);

refuses(
  'neither text nor suite',
  () => ({ forgetting: {} }),
  'recipe-invalid: forgetting names neither a text nor a suite.\n  in forgetting\n  help: give one of them, or false to measure nothing.',
);

refuses(
  'a key that is not there',
  () => ({ forgetting: { txt: 'a.txt' } }),
  /unknown key "forgetting\.txt"\.\n {4}help: did you mean text\?/,
);
