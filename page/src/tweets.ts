// The last tweets, at a pace that can be read.

import { countryName, formatTime } from "./language";
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
    private readonly show: (code: string | null, zooms: boolean) => void,
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
    const item = document.createElement("li");
    item.dataset["code"] = tweet.codigo;
    const words = document.createElement("p");
    // Always as text: what people write is never markup.
    words.textContent = tweet.texto;
    words.dir = "auto";
    const from = document.createElement("p");
    from.className = "from";
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.textContent = tweet.codigo === "ZZ" ? "?" : tweet.codigo;
    chip.ariaHidden = "true";
    const place = document.createElement("span");
    place.className = "place";
    place.textContent = tweet.codigo === "ZZ" ? tweet.país : countryName(tweet.codigo);
    const time = document.createElement("time");
    time.dateTime = new Date(tweet.at).toISOString();
    time.textContent = formatTime(tweet.at);
    from.append(chip, place, time);
    item.append(words, from);
    item.addEventListener("pointerenter", () => this.show(tweet.codigo, false));
    item.addEventListener("pointerleave", () => this.show(null, false));
    return item;
  }
}
