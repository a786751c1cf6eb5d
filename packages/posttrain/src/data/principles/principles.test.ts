import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { parsePrinciples } from './parse-principles.ts';
import { drawPrinciples, readPrinciples } from './principles.ts';

const written = `---
critique: Find fault by this principle.
---

# House rules

An introduction, with a <!-- ## remark
over two lines --> remark.

## No invented sources {#sources}

Every source is real.

\`\`\`
## not a heading
\`\`\`

Critique request: Name each source
that is invented.

## Be kind, don’t preach!

**Revision request:** Say it kindly.

Kind answers help.
`;

test('headings are principles, with ids, texts and requests of their own or of the file', () => {
  const { title, principles } = parsePrinciples(written, 'p.md');
  assert.equal(title, 'House rules');
  const usual = parsePrinciples('## a\nb', 'p.md').principles[0]!;
  assert.deepEqual(principles, [
    {
      id: 'sources',
      title: 'No invented sources',
      text: 'Every source is real.\n\n```\n## not a heading\n```',
      critique: 'Name each source\nthat is invented.',
      revision: usual.revision,
      line: 10,
    },
    {
      id: 'be-kind-dont-preach',
      title: 'Be kind, don’t preach!',
      text: 'Kind answers help.',
      critique: 'Find fault by this principle.',
      revision: 'Say it kindly.',
      line: 21,
    },
  ]);
});

const complaints = (text: string): string[] => {
  try {
    parsePrinciples(text, 'p.md');
  } catch (error) {
    assert.ok(PosttrainError.is(error) && error.code === 'data-invalid', String(error));
    assert.equal(error.place!.file, 'p.md');
    return error.message.split('\n  ').slice(1);
  }
  return [];
};

test('everything that is wrong is said at once, each with file and line', () => {
  const text = `---
titel: House rules
revision:
---
## One {#a}
text
### Deeper
## Two {#a}
text
## Three

## Four {#not an id}
Critique: find fault
text

Revision requst: do better

## Five
text

Critique request: one

Critique request: two
# Late title
`;
  assert.deepEqual(complaints(text), [
    'p.md:2: the front matter has a key "titel", which looks like "title"; it may have title, critique, revision.',
    'p.md:3: revision is no text.',
    'p.md:7: the heading "Deeper" has 3 marks; principles have two, and only the title, which stands first, has one.',
    'p.md:8: the id "a" is taken by line 5; write another as {#my-id}.',
    'p.md:10: the principle "Three" has no text.',
    'p.md:12: "not an id" is no id: letters and digits, with - between. Write one as {#my-id} after the heading.',
    'p.md:12: the principle "Four" has no text.',
    'p.md:13: the paragraph begins with "Critique:"; it is "critique request:" in full.',
    'p.md:16: the paragraph begins with "Revision requst:"; it is "revision request:" in full.',
    'p.md:23: "Five" has a second critique request.',
    'p.md:24: the heading "Late title" has one mark; principles have two, and only the title, which stands first, has one.',
  ]);
});

test('what is opened and not closed is named where it begins; a file without principles is refused', () => {
  assert.deepEqual(complaints('---\ntitle: a\n## One\nb'), [
    'p.md:1: the front matter that begins with --- has no end.',
  ]);
  assert.deepEqual(complaints('## One\nb\n```\n## Two\nc'), ['p.md:3: the block that begins with ``` has no end.']);
  assert.deepEqual(complaints('## One\nb\n<!-- ## Two'), ['p.md:3: the comment that begins with <!-- has no end.']);
  assert.deepEqual(complaints('---\n- a\n---\n## One\nb'), ['p.md:2: the front matter holds no keys.']);
  assert.match(complaints('---\ntitle: [a\n---\n## One\nb')[0]!, /^p\.md:\d: /);
  assert.throws(() => parsePrinciples('# Only a title\n\ntext', 'p.md'), { code: 'data-empty' });
});

test('the standards that come with the package are whole; other names are files', async (t) => {
  const { title, principles } = await readPrinciples('regulated-qa');
  assert.match(title!, /regulated fields/);
  assert.equal(principles.length, 11);
  assert.match(
    principles.find(({ id }) => id === 'no-invented-sources')!.revision,
    /^Rewrite your answer without any source/,
  );
  await assert.rejects(readPrinciples('regulated'), { code: 'file-missing' });
  const file = join(temporaryFolder(t), 'latin.md');
  writeFileSync(file, Buffer.from([0x23, 0x23, 0x20, 0xe9]));
  await assert.rejects(readPrinciples(file), { code: 'file-unreadable' });
});

test('windows line ends and a byte order mark change nothing but the fingerprint', () => {
  const dos = parsePrinciples(`\uFEFF${written.replaceAll('\n', '\r\n')}`, 'p.md');
  const unix = parsePrinciples(written, 'p.md');
  assert.deepEqual(dos.principles, unix.principles);
  assert.notEqual(dos.fingerprint, unix.fingerprint);
});

test('principles are drawn by seed and item, and none twice before all have come', () => {
  const { principles } = parsePrinciples('## a\nt\n## b\nt\n## c\nt\n## d\nt', 'p.md');
  const ids = (count: number, seed: number, item: string) =>
    drawPrinciples(principles, count, { seed, item }).map(({ id }) => id);
  assert.deepEqual(ids(6, 1, 'x'), ids(6, 1, 'x'));
  assert.deepEqual(ids(8, 1, 'x').slice(0, 4).sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(ids(8, 1, 'x').slice(4).sort(), ['a', 'b', 'c', 'd']);
  const first = (seed: number) => Array.from({ length: 400 }, (_, i) => ids(1, seed, `item ${i}`)[0]);
  for (const id of ['a', 'b', 'c', 'd']) {
    const share = first(1).filter((drawn) => drawn === id).length;
    // 100 expected, standard deviation √(400 · ¼ · ¾) = 8.7
    assert.ok(share > 65 && share < 135, `${id} ${share}`);
  }
  assert.notDeepEqual(first(1), first(2));
});
