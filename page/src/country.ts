// A country, opened: how many tweets, of which weather, its last 24 hours, and the tweets themselves.

import { showBars } from "./bars";
import { HoursChart } from "./hours";
import { sum } from "./kinds";
import { countryName, formatCount, formatShare, text } from "./language";
import type { Model } from "./model";
import { Unavailable, type Reads } from "./reads";
import { StoredList } from "./stored";

const COPIED_MILLISECONDS = 2_000;
const READS_AFTER_CHANGE = 3;

export class CountryPanel {
  #code: string | null = null;
  #countSeen = 0;
  /** What does not change is not read again; what was accepted is stored, and in the history, a little later. */
  #readsLeft = 0;
  #asked = new AbortController();
  readonly #chart: HoursChart;
  readonly #stored: StoredList;

  constructor(
    private readonly element: HTMLElement,
    private readonly model: Model,
    private readonly reads: Reads,
    onClose: () => void,
  ) {
    this.#chart = new HoursChart(this.#part("#country-hours"));
    this.#stored = new StoredList(this.#part("#country-stored"), reads, "storedNone", "known");
    this.#part("#country-close").addEventListener("click", onClose);
    this.#part("#country-link").addEventListener("click", () => void this.#copyLink());
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      onClose();
    });
  }

  get code(): string | null {
    return this.#code;
  }

  show(code: string): void {
    this.#code = code;
    this.element.hidden = false;
    this.#part("#country-name").textContent = countryName(code);
    this.#part("#country-code").textContent = code === "ZZ" ? "?" : code;
    this.#part("#country-history").hidden = true;
    this.element.scrollTop = 0;
    this.paint();
    void this.load();
  }

  hide(): void {
    this.#code = null;
    this.element.hidden = true;
    this.#asked.abort();
    this.#stored.clear();
  }

  /** The live count. */
  paint(): void {
    if (!this.#code) return;
    const count = this.model.countries.get(this.#code) ?? 0;
    const share = formatShare(this.model.accepted ? count / this.model.accepted : 0);
    const facts = count ? text("facts", { count: formatCount(count), share }) : text("factsNone");
    const element = this.#part("#country-facts");
    if (element.textContent !== facts) element.textContent = facts;
  }

  /** Reads everything of it. */
  async load(): Promise<void> {
    if (!this.#code) return;
    const country = this.#code;
    await Promise.all([this.#loadHistory(), this.#stored.load({ country })]);
  }

  /** Reads what may be new, if the live count says that something is. */
  async refresh(): Promise<void> {
    if (!this.#code || this.reads.availability !== "here") return;
    const count = this.model.countries.get(this.#code) ?? 0;
    if (count !== this.#countSeen) this.#readsLeft = READS_AFTER_CHANGE;
    this.#countSeen = count;
    if (this.#readsLeft-- <= 0) return;
    await Promise.all([this.#loadHistory(), this.#stored.refresh()]);
  }

  async #loadHistory(): Promise<void> {
    const country = this.#code!;
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      const hours = await this.reads.history({ country }, signal);
      if (signal.aborted) return;
      const all = sum(hours);
      this.#part("#country-history").hidden = false;
      showBars(this.#part("#country-kinds"), all);
      this.#part("#country-kinds-none").hidden = Object.keys(all.kinds).length > 0;
      this.#chart.show(hours);
    } catch (error) {
      if (!(error instanceof Unavailable) && !signal.aborted) throw error;
    }
  }

  async #copyLink(): Promise<void> {
    const link = this.#part("#country-link");
    try {
      await navigator.clipboard.writeText(location.href);
      link.textContent = text("copied");
      setTimeout(() => (link.textContent = text("copyLink")), COPIED_MILLISECONDS);
    } catch {
      // Without a clipboard (plain HTTP) the address bar has the link.
    }
  }

  #part(selector: string): HTMLElement {
    return this.element.querySelector<HTMLElement>(selector)!;
  }
}
