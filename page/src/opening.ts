// Opens and closes countries as the page's address says, and keeps the focus where it belongs.

import { countryInAddress, goToCountry, keepInLinks, onAddress } from "./address";
import type { CountryPanel } from "./country";
import type { WorldMap } from "./map";

export class Opening {
  #opener: Element | null = null;
  /** Whether the map went to the country, and has to come back. */
  #wentThere = false;
  #isPointedAt = false;

  constructor(
    private readonly main: HTMLElement,
    private readonly element: HTMLElement,
    private readonly panel: CountryPanel,
    private readonly map: WorldMap,
  ) {
    onAddress(() => this.#follow());
    // A country whose link was opened is there from the start; nobody's focus is moved.
    if (this.#code) this.#open(this.#code);
  }

  /** Opens a country; where it was pointed at on the map, the map stands still. */
  go(code: string, { isPointedAt = false } = {}): void {
    this.#isPointedAt = isPointedAt;
    goToCountry(code);
    this.#isPointedAt = false;
  }

  close(): void {
    goToCountry(null);
  }

  get #code(): string | null {
    const code = countryInAddress();
    return code && (code === "ZZ" || this.map.has(code)) ? code : null;
  }

  #follow(): void {
    const code = this.#code;
    if (code === this.panel.code) return;
    if (!code) return this.#close();
    if (!this.panel.code) this.#opener = document.activeElement;
    this.#open(code);
    this.element.focus({ preventScroll: true });
    // Beside the map it is in view; below it, on a phone, it is brought there.
    if (this.element.getBoundingClientRect().bottom > innerHeight) this.element.scrollIntoView({ block: "start" });
  }

  #open(code: string): void {
    this.main.classList.add("opens");
    this.panel.show(code);
    if (!this.#isPointedAt) {
      this.map.show(code, { zooms: true });
      this.#wentThere = true;
    }
    this.map.mark(code);
    this.#linkLanguages();
  }

  #close(): void {
    const hadFocus = this.element.contains(document.activeElement) || document.activeElement === document.body;
    this.panel.hide();
    this.main.classList.remove("opens");
    this.map.mark(null);
    if (this.#wentThere) this.map.reset();
    this.#wentThere = false;
    this.#linkLanguages();
    if (!hadFocus) return;
    const opener = this.#opener instanceof HTMLElement || this.#opener instanceof SVGElement ? this.#opener : null;
    if (opener?.isConnected && opener !== document.body && opener.checkVisibility()) opener.focus({ preventScroll: true });
    else this.map.focus();
  }

  #linkLanguages(): void {
    keepInLinks(document.querySelectorAll<HTMLAnchorElement>(".languages a"));
  }
}
