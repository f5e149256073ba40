// What is known of the world, without a pixel of it.

import type { Message, RateEntry, Tweet } from "./protocol";

export const RATE_SECONDS = 300;
const TWEETS_KEPT = 60;
const TWEETS_WAITING = 12;

export class Model {
  accepted = 0;
  processed = 0;
  readonly countries = new Map<string, number>();
  /** Countries whose count changed since the last `takeChanged`. */
  #changed = new Set<string>();
  /** Tweets nobody has seen yet, oldest first. */
  #unseen: Tweet[] = [];
  rate: RateEntry[] = [];
  /** The writer's clock minus ours, in milliseconds. */
  clockAhead = 0;
  hasArrived = false;

  apply(message: Message): void {
    this.hasArrived = true;
    this.accepted = message.accepted;
    this.processed = message.processed;
    this.clockAhead = message.at - Date.now();
    if (message.type === "snapshot") this.#forget(message);
    for (const [code, count] of Object.entries(message.countries ?? {})) {
      if (this.countries.get(code) === count) continue;
      this.countries.set(code, count);
      this.#changed.add(code);
    }
    if (message.recent) {
      this.#unseen.push(...message.recent.toReversed());
      this.#unseen.splice(0, this.#unseen.length - TWEETS_KEPT);
    }
    if (message.rate) {
      this.rate.push(...message.rate);
      this.rate.splice(0, this.rate.length - RATE_SECONDS);
    }
  }

  /** A snapshot is the whole truth: what it does not have is gone. */
  #forget(snapshot: Message): void {
    for (const code of this.countries.keys()) {
      if (snapshot.countries?.[code] === undefined) {
        this.countries.delete(code);
        this.#changed.add(code);
      }
    }
    this.#unseen = [];
    this.rate = [];
  }

  takeChanged(): Set<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  get waitingTweets(): number {
    return this.#unseen.length;
  }

  /** Up to `most` tweets to show next, oldest first; when more wait than can be followed, older ones are left out. */
  takeTweets(most: number): Tweet[] {
    this.#unseen.splice(0, this.#unseen.length - Math.max(most, TWEETS_WAITING));
    return this.#unseen.splice(0, most);
  }

  get lag(): number {
    return Math.max(0, this.accepted - this.processed);
  }

  /** Accepted in the last whole second. */
  get perSecond(): number {
    return this.rate.at(-1)?.[1] ?? 0;
  }

  /** Countries by count, the largest first. */
  ranking(): [code: string, count: number][] {
    return [...this.countries].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }
}
