// What the gateway's read API tells of stored tweets and of their history; docs/contracts.md describes it.

import type { Kind, Tally } from "./kinds";

export type Window = "1h" | "all";

export interface Weather extends Tally {
  countries: Record<string, Tally>;
}

export interface Hour extends Tally {
  at: string;
  /** Only where it was asked for by country. */
  countries?: Record<string, Tally>;
}

export interface StoredTweet {
  id: string;
  text: string;
  country: string;
  code: string;
  at: string;
  kinds: Kind[];
}

export interface StoredPage {
  tweets: StoredTweet[];
  /** Where the next page begins, null on the last. */
  next: string | null;
}

/** How it is with the read API: it answers, it does not just now, or this system has none. */
export type Availability = "here" | "away" | "off";

/** The read API did not answer; the page goes on without it. */
export class Unavailable extends Error {}

/** It does not take the question: words that are none, or too many. */
export class Refused extends Error {}

const AGAIN_MILLISECONDS = 15_000;
/** A gateway that has too many reads at once says 503 for a moment: that is not yet being away. */
const BUSY_MILLISECONDS = 1_200;

export class Reads {
  #availability: Availability = "here";
  #again = 0;

  constructor(private readonly onAvailability: (now: Availability) => void) {}

  get availability(): Availability {
    return this.#availability;
  }

  /** This system has none: nobody asks again. */
  switchOff(): void {
    clearTimeout(this.#again);
    this.#become("off");
  }

  weather(window: Window): Promise<Weather> {
    return this.#ask("weather", { window });
  }

  /** The last 24 hours, one row for each. */
  async history(query: { country?: string; by?: "country" }, signal?: AbortSignal): Promise<Hour[]> {
    return (await this.#ask<{ rows: Hour[] }>("history", { ...query, step: "hour" }, signal)).rows;
  }

  tweets(query: Record<string, string>, signal?: AbortSignal): Promise<StoredPage> {
    return this.#ask("tweets", query, signal);
  }

  async #ask<Answer>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
    if (this.#availability === "off") throw new Unavailable();
    const url = new URL(path, location.href);
    url.hash = "";
    url.search = new URLSearchParams(query).toString();
    try {
      let answer = await fetch(url, { signal: signal ?? null });
      if (answer.status === 503) {
        await new Promise((resolve) => setTimeout(resolve, BUSY_MILLISECONDS));
        answer = await fetch(url, { signal: signal ?? null });
      }
      if (answer.status === 400) throw new Refused();
      if (!answer.ok) throw new Unavailable(`${answer.status}`);
      const read = (await answer.json()) as Answer;
      this.#become("here");
      return read;
    } catch (error) {
      if (signal?.aborted || error instanceof Refused) throw error;
      this.#lose();
      throw new Unavailable(String(error));
    }
  }

  #lose(): void {
    this.#become("away");
    clearTimeout(this.#again);
    this.#again = window.setTimeout(() => void this.weather("1h").catch(() => {}), AGAIN_MILLISECONDS);
  }

  #become(availability: Availability): void {
    if (availability === this.#availability) return;
    this.#availability = availability;
    this.onAvailability(availability);
  }
}
