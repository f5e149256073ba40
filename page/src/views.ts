// What the map can show of a country: a colour, and a few words.

import { formatShare, formatTweets, text, type TextKey } from "./language";
import { ranked, strengthOf, type Kind, type Tally } from "./kinds";
import { colourOf, thresholds } from "./scale";

export interface View {
  /** Another one means that any country's colour may be another. */
  readonly key: string;
  /** Names of the classes that colour a country. */
  classesOf(code: string): string[];
  /** What is said of a country after its name. */
  wordsOf(code: string): string;
  /** What those who point at it are told besides. */
  besides(code: string): string;
}

let made = 0;

/** How many tweets: the more, the stronger. */
export class NumberView implements View {
  readonly #id = ++made;
  #most: number | null;
  limits: number[] = [1];

  /** `counts` may grow; `most` fixes the scale where several views are compared. */
  constructor(
    readonly title: TextKey,
    private readonly counts: ReadonlyMap<string, number>,
    private readonly total: () => number,
    most: number | null = null,
  ) {
    this.#most = most;
  }

  get key(): string {
    this.limits = thresholds(Math.max(1, this.#most ?? Math.max(0, ...this.counts.values())));
    return `${this.#id}:${this.limits.join()}`;
  }

  classesOf(code: string): string[] {
    return [`q${colourOf(this.counts.get(code) ?? 0, this.limits)}`];
  }

  wordsOf(code: string): string {
    const count = this.counts.get(code) ?? 0;
    return count ? formatTweets(count) : text("none");
  }

  besides(code: string): string {
    const count = this.counts.get(code) ?? 0;
    const total = this.total();
    return count && total ? formatShare(count / total) : "";
  }
}

/** Which weather is named: the kind that leads in each country, or one kind everywhere, and how strongly. */
export class KindView implements View {
  readonly key = `${++made}`;

  constructor(
    private readonly countries: Record<string, Tally>,
    readonly chosen: Kind | null,
  ) {}

  /** The kind that is shown there and its share of the tweets, null where there is none. */
  #shown(code: string): [kind: Kind, share: number] | null {
    const tally = this.countries[code];
    if (!tally?.tweets) return null;
    const [kind, count] = this.chosen ? [this.chosen, tally.kinds[this.chosen] ?? 0] : (ranked(tally.kinds)[0] ?? [null, 0]);
    return kind && count ? [kind, count / tally.tweets] : null;
  }

  classesOf(code: string): string[] {
    const shown = this.#shown(code);
    return shown ? [`kind-${shown[0]}`, `strength-${strengthOf(shown[1])}`] : ["q0"];
  }

  wordsOf(code: string): string {
    const tweets = this.countries[code]?.tweets ?? 0;
    if (!tweets) return text("none");
    const [kind, share] = this.#shown(code) ?? [this.chosen, 0];
    const count = formatTweets(tweets);
    if (!kind) return text("noKind", { count });
    return text("strengthOf", { kind: text(kind), share: formatShare(share), count });
  }
  besides(): string {
    return "";
  }
}
