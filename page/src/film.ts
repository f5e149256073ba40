// The last 24 hours as a film: a slider of hours whose right end is now.

import { formatDay, formatHour, formatTweets, text } from "./language";
import { Unavailable, type Hour, type Reads } from "./reads";

const HOUR_MILLISECONDS = 3_600_000;
/** An hour lasts as long as its colours take to change, and a moment to be looked at. */
const FRAME_MILLISECONDS = 900;
/** The open hour goes on while somebody watches. */
const FRESH_MILLISECONDS = 60_000;

export class Film {
  #hours: Hour[] = [];
  #read = -Infinity;
  #reading: Promise<boolean> | null = null;
  #timer = 0;
  readonly #button: HTMLButtonElement;
  readonly #slider: HTMLInputElement;
  readonly #words: HTMLElement;

  constructor(
    element: HTMLElement,
    private readonly reads: Reads,
    private readonly moves: () => boolean,
    private readonly onHour: (hours: Hour[] | null, index: number) => void,
  ) {
    this.#button = element.querySelector("button")!;
    this.#slider = element.querySelector("input")!;
    this.#words = element.querySelector("#film-words")!;
    this.#button.addEventListener("click", () => void this.#press());
    this.#slider.addEventListener("input", () => {
      this.#stop();
      void this.#seek();
    });
    // The first drag finds the hours there.
    for (const event of ["pointerenter", "focus"]) this.#slider.addEventListener(event, () => void this.#load());
    this.#describe();
  }

  /** Without the read API there is no film. */
  adapt(): void {
    const isHere = this.reads.availability === "here";
    this.#button.disabled = this.#slider.disabled = !isHere;
    if (isHere) return;
    this.#stop();
    this.#toNow();
  }

  get #isPlaying(): boolean {
    return this.#timer !== 0;
  }

  get #isNow(): boolean {
    return this.#slider.value === this.#slider.max;
  }

  async #press(): Promise<void> {
    if (this.#isPlaying) return this.#stop();
    if (!(await this.#load())) return;
    if (this.#isNow) this.#slider.value = "0";
    else this.#slider.value = String(this.#slider.valueAsNumber + 1);
    this.#show();
    // For those whom motion makes ill the button goes on by one hour.
    if (!this.moves() || this.#isNow) return;
    this.#timer = window.setInterval(() => {
      this.#slider.value = String(this.#slider.valueAsNumber + 1);
      if (this.#isNow) this.#stop();
      this.#show();
    }, FRAME_MILLISECONDS);
    this.#describe();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#describe();
  }

  async #seek(): Promise<void> {
    if (this.#isNow) return this.#show();
    if (await this.#load()) this.#show();
    else this.#toNow();
  }

  #toNow(): void {
    this.#slider.value = this.#slider.max;
    this.#show();
  }

  /** Whether the hours are there. */
  async #load(): Promise<boolean> {
    if (performance.now() - this.#read < FRESH_MILLISECONDS) return true;
    this.#reading ??= this.#readHours().finally(() => (this.#reading = null));
    if (!this.#hours.length) this.#words.textContent = text("filmLoading");
    const isRead = await this.#reading;
    this.#describe();
    return isRead;
  }

  async #readHours(): Promise<boolean> {
    try {
      const hours = await this.reads.history({ by: "country" });
      const { value, max } = this.#slider;
      // The place stays as far from now as it was.
      this.#slider.max = String(hours.length);
      this.#slider.value = String(Math.max(0, hours.length - (Number(max) - Number(value))));
      this.#hours = hours;
      this.#read = performance.now();
      return hours.length > 0;
    } catch (error) {
      if (error instanceof Unavailable) return false;
      throw error;
    }
  }

  #show(): void {
    this.#describe();
    if (this.#isNow) this.onHour(null, 0);
    else this.onHour(this.#hours, this.#slider.valueAsNumber);
  }

  #describe(): void {
    const hour = this.#isNow ? undefined : this.#hours[this.#slider.valueAsNumber];
    this.#words.textContent = hour ? told(hour) : text("filmNow");
    this.#slider.setAttribute("aria-valuetext", this.#words.textContent);
    const label = text(this.#isPlaying ? "filmPause" : this.moves() ? "filmPlay" : "filmNext");
    this.#button.setAttribute("aria-label", label);
    this.#button.title = label;
    this.#button.dataset["playing"] = String(this.#isPlaying);
  }
}

/** "miércoles 25, de 14:00 a 15:00 · 1.234 tweets". */
function told({ at, tweets }: Hour): string {
  const from = Date.parse(at);
  const words = { day: formatDay(from), from: formatHour(from), to: formatHour(from + HOUR_MILLISECONDS) };
  return `${text("filmHour", words)} · ${formatTweets(tweets)}`;
}
