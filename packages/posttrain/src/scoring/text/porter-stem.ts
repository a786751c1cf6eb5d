/**
 * The stem of a lower-cased word (Porter 1980, Program 14:130), with the changes that NLTK makes by default: a list of irregular
 * words, `ies` and `ied` of four letters, `y` after a consonant only, and further endings in the second step. Equal to NLTK's
 * `PorterStemmer().stem` (golden/scoring). A phrase is taken for one word, of which only the end changes, as there.
 */
export function porterStem(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (word.length <= 2) return word;
  return [plural, past, finalY, doubleSuffix, longSuffix, lastSuffix, finalE, finalL].reduce(
    (w, step) => step(w),
    word,
  );
}

const irregular = new Map([
  ...['news', 'howe', 'proceed', 'exceed', 'succeed'].map((word) => [word, word] as const),
  ...(
    [
      'sky skies',
      'die dying',
      'lie lying',
      'tie tying',
      'inning innings',
      'outing outings',
      'canning cannings',
    ] as const
  )
    .map((pair) => pair.split(' '))
    .flatMap(([stem, form]) => [[form!, stem!] as const]),
  ...['sky', 'inning', 'outing', 'canning'].map((word) => [word, word] as const),
]);

/** An ending, what takes its place, and whether it may go from this stem; the first ending that fits decides. */
type Rule = readonly [ending: string, replacement: string, allowed?: (stem: string) => boolean];

function applyFirst(word: string, rules: readonly Rule[]): string {
  const rule = rules.find(([ending]) => word.endsWith(ending));
  if (!rule) return word;
  const [ending, replacement, allowed = () => true] = rule;
  const stem = word.slice(0, word.length - ending.length);
  return allowed(stem) ? stem + replacement : word;
}

/** `c` for each consonant, `v` for each vowel; `y` is a consonant at the start and after a vowel. */
function shapeOf(word: string): string {
  let shape = '';
  for (const letter of word) {
    const vowel = 'aeiou'.includes(letter) || (letter === 'y' && shape.endsWith('c'));
    shape += vowel ? 'v' : 'c';
  }
  return shape;
}

/** Porter's m: how often a vowel is followed by a consonant. */
const measure = (stem: string): number => shapeOf(stem).split('vc').length - 1;
const hasMeasure = (stem: string): boolean => measure(stem) > 0;
const isLong = (stem: string): boolean => measure(stem) > 1;

/** Ends consonant, vowel, consonant other than w, x, y; or is a vowel and a consonant. */
function endsShort(word: string): boolean {
  const shape = shapeOf(word);
  return (shape.endsWith('cvc') && !/[wxy]$/.test(word)) || shape === 'vc';
}

function plural(word: string): string {
  if (/^.ies$/u.test(word)) return word.slice(0, -1);
  return applyFirst(word, [
    ['sses', 'ss'],
    ['ies', 'i'],
    ['ss', 'ss'],
    ['s', ''],
  ]);
}

function past(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return applyFirst(word, [['eed', 'ee', hasMeasure]]);
  const stem = ['ed', 'ing']
    .filter((ending) => word.endsWith(ending))
    .map((ending) => word.slice(0, -ending.length))
    .find((rest) => shapeOf(rest).includes('v'));
  if (stem === undefined) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (/(.)\1$/u.test(stem) && shapeOf(stem).endsWith('c')) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

function finalY(word: string): string {
  return applyFirst(word, [['y', 'i', (stem) => stem.length > 1 && shapeOf(stem).endsWith('c')]]);
}

function doubleSuffix(word: string): string {
  if (word.endsWith('alli') && hasMeasure(word.slice(0, -4))) return doubleSuffix(word.slice(0, -2));
  const pairs =
    'ational ate, tional tion, enci ence, anci ance, izer ize, bli ble, alli al, entli ent, eli e, ousli ous, ization ize, ation ate, ator ate, alism al, iveness ive, fulness ful, ousness ous, aliti al, iviti ive, biliti ble, fulli ful';
  // The l of `logi` belongs to the stem that is measured.
  return applyFirst(word, [...pairsOf(pairs, hasMeasure), ['logi', 'log', (stem) => hasMeasure(`${stem}l`)]]);
}

const longSuffix = (word: string): string =>
  applyFirst(word, pairsOf('icate ic, ative , alize al, iciti ic, ical ic, ful , ness ', hasMeasure));

const lastSuffix = (word: string): string =>
  applyFirst(word, [
    ...pairsOf('al , ance , ence , er , ic , able , ible , ant , ement , ment , ent ', isLong),
    ['ion', '', (stem) => isLong(stem) && /[st]$/.test(stem)],
    ...pairsOf('ou , ism , ate , iti , ous , ive , ize ', isLong),
  ]);

const finalE = (word: string): string =>
  applyFirst(word, [['e', '', (stem) => isLong(stem) || (hasMeasure(stem) && !endsShort(stem))]]);

const finalL = (word: string): string => applyFirst(word, [['ll', 'l', (stem) => isLong(`${stem}l`)]]);

function pairsOf(list: string, allowed: (stem: string) => boolean): Rule[] {
  return list.split(', ').map((pair) => [pair.split(' ')[0]!, pair.split(' ')[1] ?? '', allowed] as const);
}
