// Search: countries by name at once, and stored tweets by their words.

import { countryName, fold } from "./language";
import type { Reads } from "./reads";
import { StoredList } from "./stored";

const TYPING_MILLISECONDS = 350;
/** One letter of an alphabet is too little; one of Chinese may be a word. */
const isEnough = (words: string): boolean => words.length > 1 || /[^\u0000-\u04ff]/.test(words);
const MOST_COUNTRIES = 5;

export class Search {
  readonly #field: HTMLInputElement;
  readonly #results: HTMLElement;
  readonly #stored: StoredList;
  #timer = 0;
  #words = "";

  constructor(
    private readonly element: HTMLElement,
    reads: Reads,
    private readonly codes: string[],
    private readonly onCountry: (code: string) => void,
  ) {
    this.#field = element.querySelector("input")!;
    this.#results = element.querySelector("#results")!;
    const stored = element.querySelector<HTMLElement>("#results-tweets")!;
    this.#stored = new StoredList(stored, reads, "foundNone", "linked", (words) => marked(words, this.#words));
    this.#field.addEventListener("input", () => this.#type());
    this.#field.addEventListener("focus", () => (this.#results.hidden = !this.#field.value.trim()));
    element.addEventListener("keydown", (event) => this.#press(event));
    element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !element.contains(relatedTarget)) this.#results.hidden = true;
    });
    addEventListener("pointerdown", ({ target }) => {
      if (target instanceof Node && !element.contains(target)) this.#results.hidden = true;
    });
    // A country's link is a step in the address like any other; here it only has to leave the list.
    this.#results.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLAnchorElement) this.#results.hidden = true;
    });
  }

  #type(): void {
    clearTimeout(this.#timer);
    const words = this.#field.value.trim();
    this.#results.hidden = !words;
    this.#showCountries(words);
    if (words === this.#words) return;
    this.#words = words;
    this.#stored.clear();
    this.element.querySelector<HTMLElement>("#results-tweets")!.hidden = !isEnough(words);
    if (!isEnough(words)) return;
    this.#timer = window.setTimeout(() => void this.#find(), TYPING_MILLISECONDS);
  }

  async #find(): Promise<void> {
    // The last word may not be whole yet.
    await this.#stored.load({ q: `${this.#words}*` });
  }

  #showCountries(words: string): void {
    const found = words ? this.#countries(fold(words)) : [];
    this.element.querySelector<HTMLElement>("#results-countries")!.hidden = !found.length;
    this.element.querySelector("#results-countries ul")!.replaceChildren(
      ...found.map((code) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = `#${code}`;
        link.textContent = countryName(code);
        item.append(link);
        return item;
      }),
    );
  }

  /** Codes of the countries with these words in their names, those that begin so first. */
  #countries(words: string): string[] {
    const rank = (code: string): number => {
      const name = fold(countryName(code));
      if (name.startsWith(words)) return 0;
      if (code.toLowerCase() === words) return 1;
      return name.includes(words) ? 2 : 3;
    };
    return this.codes
      .map((code) => [rank(code), countryName(code), code] as const)
      .filter(([place]) => place < 3)
      .sort((a, b) => a[0] - b[0] || a[1].localeCompare(b[1]))
      .slice(0, MOST_COUNTRIES)
      .map(([, , code]) => code);
  }

  #press(event: KeyboardEvent): void {
    const stops = [this.#field, ...this.#results.querySelectorAll<HTMLElement>("a, button:not([hidden])")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape" && !this.#results.hidden) {
      this.#field.focus();
      this.#results.hidden = true;
    } else if (event.key === "Enter" && event.target === this.#field) {
      const [first] = this.#field.value.trim() ? this.#countries(fold(this.#field.value.trim())) : [];
      // A whole name means the country, anything else the words.
      if (first && fold(countryName(first)) === fold(this.#field.value.trim())) {
        this.#results.hidden = true;
        this.onCountry(first);
      } else if (isEnough(this.#words)) {
        clearTimeout(this.#timer);
        void this.#find();
      }
    } else if (event.key === "ArrowDown" && !this.#results.hidden) stops[Math.min(at + 1, stops.length - 1)]?.focus();
    else if (event.key === "ArrowUp" && at > 0) stops[at - 1]?.focus();
    else return;
    event.preventDefault();
  }
}

/** A text with the words that were searched for marked in it. */
function marked(said: string, searched: string): (Node | string)[] {
  const wanted = fold(searched).match(/[\p{L}\p{N}]+/gu) ?? [];
  return said.split(/([\p{L}\p{N}\p{M}]+)/u).map((part) => {
    const word = fold(part);
    if (!part || !wanted.some((each, index) => (index === wanted.length - 1 ? word.startsWith(each) : word === each))) return part;
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  });
}
