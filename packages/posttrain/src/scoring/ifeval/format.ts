import {
  escapePattern,
  removePrefix,
  removeSuffix,
  spaceClass,
  strip,
  stripCharacters,
  stripEnd,
  stripStart,
} from '../python-text.ts';
import { isPythonJson } from './python-json.ts';
import { count, filledText, type Verifier, verifier } from './verifier.ts';

// `.` and `^` mean in Python: no line feed, and after a line feed. JavaScript's also heed \r, U+2028 and U+2029.
const starBullet = new RegExp(`(?<![^\\n])[${spaceClass}]*\\*[^*][^\\n]*`, 'gu');
const dashBullet = new RegExp(`(?<![^\\n])[${spaceClass}]*-[^\\n]*`, 'gu');

const constrainedResponses = ['My answer is yes.', 'My answer is no.', 'My answer is maybe.'];

export const formatVerifiers: readonly Verifier[] = [
  verifier('detectable_content:number_placeholders', { num_placeholders: count }, (text, { num_placeholders }) => {
    return (text.match(/\[[^\n]*?\]/g)?.length ?? 0) >= num_placeholders;
  }),

  verifier('detectable_content:postscript', { postscript_marker: filledText }, (text, { postscript_marker }) =>
    postscriptPattern(strip(postscript_marker)).test(text.toLowerCase()),
  ),

  // A line that starts with `**bold**` is no bullet.
  verifier('detectable_format:number_bullet_lists', { num_bullets: count }, (text, { num_bullets }) => {
    return (text.match(starBullet)?.length ?? 0) + (text.match(dashBullet)?.length ?? 0) === num_bullets;
  }),

  // It is enough that one of the three sentences occurs.
  verifier('detectable_format:constrained_response', {}, (text) =>
    constrainedResponses.some((response) => text.includes(response)),
  ),

  // `**b**` counts as `*b*` does; where both patterns find text, the reference counts both.
  verifier('detectable_format:number_highlighted_sections', { num_highlights: count }, (text, { num_highlights }) => {
    const single = (text.match(/\*[^\n*]*\*/g) ?? []).map((found) => stripCharacters(found, '*'));
    const double = (text.match(/\*\*[^\n*]*\*\*/g) ?? []).map((found) => removeSuffix(removePrefix(found, '**'), '**'));
    return [...single, ...double].filter((inside) => strip(inside) !== '').length >= num_highlights;
  }),

  verifier(
    'detectable_format:multiple_sections',
    { section_spliter: filledText, num_sections: count },
    (text, { section_spliter, num_sections }) => {
      const marker = escapePattern(strip(section_spliter));
      const heading = new RegExp(`[${spaceClass}]?${marker}[${spaceClass}]?\\p{Nd}+[${spaceClass}]?`, 'u');
      return text.split(heading).length - 1 >= num_sections;
    },
  ),

  verifier('detectable_format:json_format', {}, (text) => {
    const opened = ['```json', '```Json', '```JSON', '```'].reduce(removePrefix, strip(text));
    return isPythonJson(strip(removeSuffix(opened, '```')));
  }),

  verifier('detectable_format:title', {}, (text) =>
    (text.match(/<<[^\n]+>>/g) ?? []).some((title) => strip(stripEnd(stripStart(title, '<'), '>')) !== ''),
  ),
];

/** The two markers of the published prompts may be spaced out; others are looked for as they are. */
function postscriptPattern(marker: string): RegExp {
  const space = `[${spaceClass}]?`;
  if (marker === 'P.P.S') return new RegExp(`p\\.${space}p\\.${space}s`, 'u');
  if (marker === 'P.S.') return new RegExp(`p\\.${space}s\\.`, 'u');
  return new RegExp(escapePattern(marker.toLowerCase()), 'u');
}
