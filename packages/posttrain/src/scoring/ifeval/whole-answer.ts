import { isLowerCase, isUpperCase, strip, stripCharacters } from '../python-text.ts';
import { treebankWords } from './treebank-words.ts';
import {
  count,
  type Exactness,
  filledText,
  holds,
  type IfevalTools,
  relation,
  type Verifier,
  verifier,
} from './verifier.ts';

/** Verifiers that look at the answer as a whole: its start and end, its case, its language. */
export const wholeAnswerVerifiers: readonly Verifier[] = [
  // White space and double quotes around the end do not matter, nor does case.
  verifier('startend:end_checker', { end_phrase: filledText }, (text, { end_phrase }) =>
    stripCharacters(strip(text), '"').toLowerCase().endsWith(strip(end_phrase).toLowerCase()),
  ),

  verifier('startend:quotation', {}, (text) => {
    const inner = strip(text);
    return inner.length > 1 && inner.startsWith('"') && inner.endsWith('"');
  }),

  verifier('combination:repeat_prompt', { prompt_to_repeat: filledText }, (text, { prompt_to_repeat }) =>
    strip(text).toLowerCase().startsWith(strip(prompt_to_repeat).toLowerCase()),
  ),

  // Two different answers with six stars between them; further empty ones are allowed at either end only.
  verifier('combination:two_responses', {}, (text) => {
    const responses = text.split('******').map(strip);
    if (responses.some((response, i) => response === '' && i !== 0 && i !== responses.length - 1)) return false;
    const filled = responses.filter((response) => response !== '');
    return filled.length === 2 && filled[0] !== filled[1];
  }),

  verifier('punctuation:no_comma', {}, (text) => !text.includes(',')),

  // Hyphenated words count as one.
  verifier(
    'change_case:capital_word_frequency',
    { capital_frequency: count, capital_relation: relation },
    (text, { capital_frequency, capital_relation }) =>
      holds(treebankWords(text).filter(isUpperCase).length, capital_relation, capital_frequency),
  ),

  verifier(
    'change_case:english_capital',
    {},
    (text, _, tools) => isUpperCase(text) && isEnglish(text, tools),
    needsLanguage,
  ),
  verifier(
    'change_case:english_lowercase',
    {},
    (text, _, tools) => isLowerCase(text) && isEnglish(text, tools),
    needsLanguage,
  ),

  verifier(
    'language:response_language',
    { language: filledText },
    (text, { language }, { detectLanguage }) => {
      if (!detectLanguage) return null;
      const detected = detectLanguage(text);
      return detected === null || detected === language;
    },
    ({ detectLanguage }) => (detectLanguage ? 'exact' : 'unavailable'),
  ),
];

function needsLanguage({ detectLanguage }: IfevalTools): Exactness {
  return detectLanguage ? 'exact' : 'approximate';
}

/** Without a detector: most letters are Latin, which French passes too. */
function isEnglish(text: string, { detectLanguage }: IfevalTools): boolean {
  if (detectLanguage) return (detectLanguage(text) ?? 'en') === 'en';
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return 2 * (text.match(/\p{Script=Latin}/gu)?.length ?? 0) >= letters;
}
