// Classes of a choropleth over counts that differ by orders of magnitude.

export const CLASSES = 7;

/** 1, 2, 5, 10, 20, 50, … or 1, 3, 10, 30, … */
function steps(mantissas: number[], most: number): number[] {
  const found: number[] = [];
  for (let power = 1; power <= most; power *= 10) {
    for (const mantissa of mantissas) if (mantissa * power <= most) found.push(mantissa * power);
  }
  return found;
}

/**
 * The least count of each class, ascending; class 0 (no tweets) is not among them.
 *
 * Round numbers, the lowest always 1, the highest reached by `most`: it changes only when `most` passes a
 * round number, so colours stand still while counts rise.
 */
export function thresholds(most: number): number[] {
  if (most <= CLASSES) return Array.from({ length: Math.max(1, most) }, (_, i) => i + 1);
  const fine = steps([1, 2, 5], most);
  const all = fine.length <= CLASSES ? fine : steps([1, 3], most);
  return [1, ...all.slice(1).slice(-(CLASSES - 1))];
}

/** The colour (1 to `CLASSES`, 0 for none) of a count; few classes are spread over all colours. */
export function colourOf(count: number, limits: number[]): number {
  let found = 0;
  while (found < limits.length && count >= limits[found]!) found++;
  if (found === 0) return 0;
  if (limits.length === 1) return Math.ceil(CLASSES / 2);
  return 1 + Math.round(((found - 1) * (CLASSES - 1)) / (limits.length - 1));
}
