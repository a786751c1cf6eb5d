// Writes what runs measure forgetting on: the pocket base's own text and suite, and the bundled text of models without one.
//   node scripts/forgetting-files.mjs [BUILD] [BOOKS]
// BUILD is the folder tsc wrote, packages/posttrain/dist by default; BOOKS a folder of AUTHOR/TITLE.md, whose four books below
// no embedded model is trained on. Without BOOKS only the pocket files are written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assets = join(root, 'packages/posttrain/assets');
const build = resolve(process.argv[2] ?? join(root, 'packages/posttrain/dist'));
const load = (name) => import(pathToFileURL(join(build, name)).href);
const [{ pocket }, { Random }] = await Promise.all([load('data/index.js'), load('support/random.js')]);

function writeRows(folder, name, rows) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  console.log(join(folder, name), rows.length, 'rows');
}

/**
 * Biographies from streams of their own, the one kind of page of which the base learns every word, and two facts of each
 * stored person among four values.
 */
function writePocket() {
  const world = pocket.createWorld();
  const stream = (...path) => Random.of(world.seed, 'pocket', 'forgetting', ...path);
  const pages = Array.from({ length: 120 }, (_, i) => {
    const { segments } = pocket.baseForms.biography(world, stream('page', i));
    const text = segments.map((segment) => segment.text).join('');
    return { text: text.replace(/^<bos> /, '') };
  });
  const facts = pocket.factCloze('persons', world);
  const questions = world.stored.flatMap(({ name }) =>
    stream('facts', name).sample(
      facts.filter(({ entity }) => entity === name),
      2,
    ),
  );
  const suite = questions.map(({ id, prompt, value, values }) => {
    const random = stream('choices', id);
    const others = random.sample(
      values.filter((other) => other !== value),
      3,
    );
    const choices = random.shuffle([value, ...others]);
    return { id, prompt, choices, gold: choices.indexOf(value) };
  });
  const folder = join(assets, 'pocket/base/forgetting');
  writeRows(folder, 'text.jsonl', pages);
  writeRows(folder, 'suite.jsonl', suite);
}

const books = [
  'Arthur Conan Doyle/A Study in Scarlet',
  'Edith Nesbit/The Railway Children',
  'H.G. Wells/The Time Machine',
  'Jack London/The Call of the Wild',
];
const bundledBytes = 64 * 1024;
/** The first chapters of these books are what the embedded English base is validated on. */
const chaptersPassedOver = 3;
const passage = { shortest: 500, longest: 1000 };

/** Whole paragraphs, spread evenly over the books, in turn from each. */
function writeBundled(folder) {
  const byBook = books.map((book) => {
    const passages = passagesOf(readFileSync(join(folder, `${book}.md`), 'utf8'));
    return Random.of(0, 'forgetting', book).shuffle(passages.map((text) => ({ book, text })));
  });
  const rows = [];
  let bytes = 0;
  for (let i = 0; bytes < bundledBytes; i++) {
    const row = byBook[i % byBook.length][Math.floor(i / byBook.length)];
    bytes += Buffer.byteLength(row.text);
    if (bytes <= bundledBytes) rows.push(row);
  }
  writeRows(join(assets, 'forgetting'), 'text.jsonl', rows);
}

function passagesOf(markdown) {
  const chapters = markdown
    .slice(markdown.indexOf('\n-------') + 8)
    .split(/^#+ .*$/m)
    .filter((text) => text.trim().length >= 400);
  return chapters
    .slice(chaptersPassedOver)
    .flatMap((chapter) => chapter.replace(/\r/g, '').split(/\n\s*\n/))
    .map((text) =>
      text
        .replace(/\\([*_#.\-[\]])/g, '$1')
        .replace(/(?<![A-Za-z0-9])[_*]+|[_*]+(?![A-Za-z0-9])/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((text) => text.length >= passage.shortest && text.length <= passage.longest);
}

writePocket();
if (process.argv[3] !== undefined) writeBundled(resolve(process.argv[3]));
