// A list of stored tweets, newest first, that grows by pages.

import { tweetItem } from "./item";
import { formatMoment, text, type TextKey } from "./language";
import { Refused, Unavailable, type Reads, type StoredPage, type StoredTweet } from "./reads";

const PAGE = 20;
/** A search for rare words may find nothing in one bounded stretch, and something in the next. */
const MOST_EMPTY_PAGES = 5;

export class StoredList {
  readonly #list: HTMLOListElement;
  readonly #note: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #ids = new Set<string>();
  #query: Record<string, string> = {};
  #next: string | null = null;
  #asked = new AbortController();

  /** `element` has a list, a note and a button; `mark` makes the nodes of a tweet's text. */
  constructor(
    element: HTMLElement,
    private readonly reads: Reads,
    private readonly none: TextKey,
    private readonly place: "linked" | "known",
    private readonly mark: (words: string) => (Node | string)[] = (words) => [words],
  ) {
    this.#list = element.querySelector("ol")!;
    this.#note = element.querySelector(".note")!;
    this.#more = element.querySelector("button")!;
    this.#more.addEventListener("click", () => void this.#loadMore());
  }

  /** Shows the first page of what `query` asks for. */
  async load(query: Record<string, string>): Promise<void> {
    this.clear();
    this.#query = query;
    this.#say("loading");
    await this.#loadPage();
  }

  /** Puts what has come since on top. */
  async refresh(): Promise<void> {
    const { signal } = this.#asked;
    // Only a list that has been read has a top.
    if (this.#more.disabled) return;
    try {
      const { tweets } = await this.reads.tweets({ ...this.#query, limit: String(PAGE) }, signal);
      if (signal.aborted) return;
      const fresh = tweets.filter(({ id }) => !this.#ids.has(id));
      // So many came that the page is new from top to bottom: a gap would be hidden below it.
      if (fresh.length === PAGE && this.#ids.size) return await this.load(this.#query);
      this.#list.prepend(...this.#items(fresh));
      this.#say(this.#ids.size ? null : this.none);
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  clear(): void {
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#ids.clear();
    this.#list.replaceChildren();
    this.#list.scrollTop = 0;
    this.#next = null;
    this.#more.hidden = this.#more.disabled = true;
    this.#say(null);
  }

  async #loadMore(): Promise<void> {
    const last = this.#list.lastElementChild;
    await this.#loadPage();
    // Who reads on by keyboard goes on at the first new one.
    const first = last?.nextElementSibling;
    if (!(first instanceof HTMLElement)) return;
    first.tabIndex = -1;
    first.focus();
  }

  async #loadPage(): Promise<void> {
    const { signal } = this.#asked;
    this.#more.disabled = true;
    try {
      const { tweets, next } = await this.#read(signal);
      if (signal.aborted) return;
      this.#next = next;
      this.#list.append(...this.#items(tweets.filter(({ id }) => !this.#ids.has(id))));
      this.#say(this.#ids.size ? null : this.none);
    } catch (error) {
      if (!isExpected(error)) throw error;
      if (signal.aborted) return;
      if (error instanceof Refused) this.#say(this.none);
      else this.#say(this.reads.availability === "off" ? "readsOff" : "readFailed");
    }
    this.#more.disabled = false;
    this.#more.hidden = !this.#next;
  }

  async #read(signal: AbortSignal): Promise<StoredPage> {
    let page: StoredPage = { tweets: [], next: this.#next };
    for (let tries = 0; tries < MOST_EMPTY_PAGES; tries++) {
      const before = page.next === null ? {} : { before: page.next };
      page = await this.reads.tweets({ ...this.#query, ...before, limit: String(PAGE) }, signal);
      if (page.tweets.length || !page.next) break;
    }
    return page;
  }

  #items(tweets: StoredTweet[]): HTMLLIElement[] {
    return tweets.map(({ id, text: words, country, code, at, kinds }) => {
      this.#ids.add(id);
      const moment = Date.parse(at);
      const time = formatMoment(moment);
      return tweetItem({ words: this.mark(words), code, country, at: moment, time, kinds, place: this.place });
    });
  }

  #say(key: TextKey | null): void {
    this.#note.hidden = key === null;
    this.#note.textContent = key && text(key);
  }
}

const isExpected = (error: unknown): boolean =>
  error instanceof Unavailable || error instanceof Refused || (error instanceof DOMException && error.name === "AbortError");
