/** Numbers as people read them. Every function gives `–` for what is not known. */

const unknown = '–';
type Maybe = number | null | undefined;

const isKnown = (value: Maybe): value is number => value !== null && value !== undefined && Number.isFinite(value);

/** Seconds as `0.42 s`, `8.1 s`, `45 s`, `3 min 05 s`, `2 h 04 min`, `3 d 04 h`. */
export function formatDuration(seconds: Maybe): string {
  if (!isKnown(seconds)) return unknown;
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoUnits(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(seconds / 3600), 24, 'd', 'h');
}

function twoUnits(value: number, base: number, large: string, small: string): string {
  return `${Math.floor(value / base)} ${large} ${String(value % base).padStart(2, '0')} ${small}`;
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in binary units, three significant digits: `512 B`, `1.50 KiB`, `121 MiB`. */
export function formatBytes(bytes: Maybe): string {
  if (!isKnown(bytes)) return unknown;
  let value = bytes;
  let unit = 0;
  // 999.5 rounds to four digits, so the next unit takes over before that.
  while (Math.abs(value) >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${byteUnits[unit]}`;
}

const countUnits = ['', 'k', 'M', 'G', 'T'];

/** Counts: whole below ten thousand (`9,999`), then three significant digits (`12.3k`, `1.24M`). */
export function formatCount(count: Maybe): string {
  if (!isKnown(count)) return unknown;
  if (Math.abs(count) < 9999.5) return Math.round(count).toLocaleString('en-US');
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < countUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${threeDigits(value)}${countUnits[unit]}`;
}

/** A loss, a norm, a rate: four significant digits, in exponent form below a thousandth. */
export function formatNumber(value: Maybe): string {
  if (value !== null && value !== undefined && !Number.isFinite(value)) return String(value);
  if (!isKnown(value)) return unknown;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3 || size >= 1e6)
    return value
      .toExponential(3)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size))));
}

/** A share between 0 and 1 as `97.5 %`. */
export function formatPercent(share: Maybe): string {
  return isKnown(share) ? `${(100 * share).toFixed(1)} %` : unknown;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}
