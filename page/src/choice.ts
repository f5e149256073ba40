// What the map shows, as chosen: how many or which weather, in the last hour or ever, or an hour of the film.

import type { Kind, Tally } from "./kinds";
import type { Model } from "./model";
import type { Hour, Reads, Weather, Window } from "./reads";
import { KindView, NumberView, type View } from "./views";

export class Choice {
  #by: "number" | "kind" = "number";
  #window: Window = "all";
  #kind: Kind | null = null;
  #film: { hours: Hour[]; index: number } | null = null;
  readonly #weather: Partial<Record<Window, Weather>> = {};
  readonly #live: NumberView;
  #view: View;
  /** The choice is another, or its data arrived. */
  onChange: () => void = () => {};

  constructor(
    model: Model,
    private readonly reads: Reads,
    private readonly controls: HTMLElement,
  ) {
    this.#live = new NumberView("legend", model.countries, () => model.accepted);
    this.#view = this.#live;
    for (const button of controls.querySelectorAll<HTMLButtonElement>("button")) {
      button.addEventListener("click", () => {
        const { by, window } = button.dataset;
        if (by) this.#by = by as "number" | "kind";
        if (window) this.#window = window as Window;
        this.#kind = null;
        this.#show();
        void this.refresh();
      });
    }
    this.#show();
  }

  get view(): View {
    return this.#view;
  }

  get isFilm(): boolean {
    return this.#film !== null;
  }

  /** Another kind everywhere, or with null the one that leads in each country. */
  chooseKind(kind: Kind | null): void {
    this.#kind = kind;
    this.#show();
  }

  /** An hour of the film, or with null what is now. */
  showHour(hours: Hour[] | null, index = 0): void {
    this.#film = hours && { hours, index };
    this.#show();
    if (!hours) void this.refresh();
  }

  /** Reads anew what the choice needs; what cannot be read leaves the map as it is. */
  async refresh(): Promise<void> {
    if (this.#film || !this.#needsWeather || this.reads.availability !== "here") return;
    const window = this.#window;
    try {
      this.#weather[window] = await this.reads.weather(window);
      this.#show();
    } catch {
      // The page says so in one line, and the reads come back by themselves.
    }
  }

  /** Without the read API the map shows what comes in live, whatever was chosen. */
  adapt(): void {
    if (this.reads.availability !== "here") this.#film = null;
    this.#show();
    if (this.reads.availability === "here") void this.refresh();
  }

  get #needsWeather(): boolean {
    return this.#by === "kind" || this.#window !== "all";
  }

  #show(): void {
    const isHere = this.reads.availability === "here";
    for (const button of this.controls.querySelectorAll<HTMLButtonElement>("button")) {
      const { by, window } = button.dataset;
      const chosen = isHere ? by === this.#by || window === this.#window : by === "number" || window === "all";
      button.setAttribute("aria-pressed", String(chosen));
      // An hour of the film has its own time.
      button.disabled = !isHere || (window !== undefined && this.#film !== null);
    }
    const view = isHere ? this.#viewNow() : this.#live;
    if (!view) return;
    this.#view = view;
    this.onChange();
  }

  /** Null until what it needs has arrived: the map keeps what it shows. */
  #viewNow(): View | null {
    if (this.#film) return this.#viewOfHour(this.#film.hours, this.#film.index);
    if (!this.#needsWeather) return this.#live;
    const weather = this.#weather[this.#window];
    if (!weather) return null;
    if (this.#by === "kind") return new KindView(weather.countries, this.#kind);
    return new NumberView("legendLastHour", counts(weather.countries), () => weather.tweets);
  }

  #viewOfHour(hours: Hour[], index: number): View {
    const { countries = {}, tweets } = hours[index]!;
    if (this.#by === "kind") return new KindView(countries, this.#kind);
    // All hours have one scale, or a night would look like a day.
    const most = Math.max(1, ...hours.flatMap((each) => Object.values(each.countries ?? {}).map((tally) => tally.tweets)));
    return new NumberView("legendHour", counts(countries), () => tweets, most);
  }
}

const counts = (countries: Record<string, Tally>): Map<string, number> =>
  new Map(Object.entries(countries).map(([code, { tweets }]) => [code, tweets]));
