// The kinds of weather of which tweets speak; docs/contracts.md says what they mean.

export const KINDS = ["rain", "storm", "snow", "heat", "cold", "wind", "fog", "sun", "clouds", "humid", "pleasant"] as const;

export type Kind = (typeof KINDS)[number];
export type KindCounts = Partial<Record<Kind, number>>;

/** Tweets, and how many of them speak of each kind; one tweet may speak of several. */
export interface Tally {
  tweets: number;
  kinds: KindCounts;
}

/** The kinds with their counts, the most named first. */
export function ranked(kinds: KindCounts): [kind: Kind, count: number][] {
  return KINDS.map((kind): [Kind, number] => [kind, kinds[kind] ?? 0])
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
}

/** Shares of the tweets from which a colour is fuller; the last class begins with a half. */
export const STRENGTHS = [0.25, 0.5] as const;

/** How full the colour is, 1 to 3, of a kind of which that share of the tweets speaks. */
export const strengthOf = (share: number): number => 1 + STRENGTHS.filter((least) => share >= least).length;

export function sum(tallies: Iterable<Tally>): Tally {
  const all: Tally = { tweets: 0, kinds: {} };
  for (const { tweets, kinds } of tallies) {
    all.tweets += tweets;
    for (const [kind, count] of Object.entries(kinds) as [Kind, number][]) all.kinds[kind] = (all.kinds[kind] ?? 0) + count;
  }
  return all;
}
