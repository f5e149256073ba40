// The large numbers.

import { countryName, formatCount, text } from "./language";
import type { Model } from "./model";

/** Share of the way to its target that a number runs in one frame. */
const GAIN = 0.3;
const SUMMARY_MILLISECONDS = 20_000;

const FIGURES = ["accepted", "processed", "lag", "per-second", "countries"] as const;

export class Totals {
  readonly #shown = new Map<string, number>(FIGURES.map((id) => [id, 0]));
  #summarized = -Infinity;
  #summary = "";

  constructor(
    private readonly model: Model,
    private readonly moves: () => boolean,
  ) {}

  paint(): void {
    const { model } = this;
    const targets = [model.accepted, model.processed, model.lag, model.perSecond, model.ranking().length];
    for (const [index, id] of FIGURES.entries()) this.#run(id, targets[index]!);
    const share = model.accepted ? Math.min(1, model.processed / model.accepted) : 0;
    document.getElementById("progress")!.style.transform = `scaleX(${share})`;
  }

  #run(id: string, target: number): void {
    const shown = this.#shown.get(id)!;
    const step = (target - shown) * (this.moves() ? GAIN : 1);
    const next = Math.abs(target - shown) < 1 ? target : shown + step;
    this.#shown.set(id, next);
    const written = formatCount(Math.round(next));
    const element = document.getElementById(id)!;
    if (element.textContent !== written) element.textContent = written;
  }

  /** For those who listen: a sentence now and then, not every number. */
  summarize(now: number): void {
    if (now - this.#summarized < SUMMARY_MILLISECONDS) return;
    const first = this.model.ranking()[0];
    if (!first) return;
    this.#summarized = now;
    const summary = text("summary", {
      accepted: formatCount(this.model.accepted),
      countries: formatCount(this.model.ranking().length),
      rate: formatCount(this.model.perSecond),
      first: countryName(first[0]),
    });
    if (summary === this.#summary) return;
    this.#summary = summary;
    document.getElementById("summary")!.textContent = summary;
  }
}
