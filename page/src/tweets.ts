// The last tweets, at a pace that can be read.

import { tweetItem } from "./item";
import { formatTime } from "./language";
import type { Model } from "./model";
import type { Tweet } from "./protocol";

const SHOWN = 24;
const FEW = 4;
const READING_MILLISECONDS = 900;

export class TweetList {
  readonly #shown: string[] = [];
  #added = 0;

  constructor(
    private readonly list: HTMLElement,
    private readonly point: (code: string | null) => void,
  ) {}

  /** Shows what is new: all of it while few tweets come, else one now and then, as fast as one can read. */
  paint(model: Model, now: number): void {
    // Who has scrolled down to read is not disturbed.
    if (this.list.matches(":hover, :focus-within") && this.list.scrollTop > 0) return;
    if (!this.list.childElementCount) this.#add(model.takeTweets(SHOWN));
    else if (model.waitingTweets <= FEW) this.#add(model.takeTweets(FEW));
    else if (now - this.#added >= READING_MILLISECONDS) this.#add(model.takeTweets(1));
    else return;
    this.#added = now;
  }

  /** Puts tweets, oldest first, on top. */
  #add(tweets: Tweet[]): void {
    for (const tweet of tweets) {
      // After a reconnection the snapshot has tweets that are here already.
      if (this.#shown.includes(tweet.id)) continue;
      this.#shown.unshift(tweet.id);
      this.list.prepend(this.#item(tweet));
    }
    while (this.list.childElementCount > SHOWN) this.list.lastElementChild?.remove();
    this.#shown.splice(2 * SHOWN);
  }

  #item(tweet: Tweet): HTMLLIElement {
    const { texto, país, codigo, at } = tweet;
    const item = tweetItem({ words: [texto], code: codigo, country: país, at, time: formatTime(at) });
    item.addEventListener("pointerenter", () => this.point(codigo));
    item.addEventListener("pointerleave", () => this.point(null));
    return item;
  }
}
