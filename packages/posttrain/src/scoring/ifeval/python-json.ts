/** Strings, and the three names that are numbers to Python's `json.loads` but not to JSON. */
const stringsAndNames = /"(?:[^"\\]|\\[\s\S])*"|-?Infinity|NaN/g;

/** Whether Python's `json.loads` takes the text: JSON, and also NaN, Infinity and -Infinity where a number may stand. */
export function isPythonJson(text: string): boolean {
  // A spaced 0 keeps what the name stood in: `[NaN]` becomes valid, `1NaN` stays wrong.
  const standard = text.replace(stringsAndNames, (found) => (found.startsWith('"') ? found : ' 0 '));
  try {
    JSON.parse(standard);
    return true;
  } catch {
    return false;
  }
}
