// Countries by count.

import { countryName, formatCount, formatShare, text } from "./language";
import type { Model } from "./model";

const TOP = 10;

interface Row {
  item: HTMLLIElement;
  button: HTMLButtonElement;
  rank: HTMLElement;
  name: HTMLElement;
  count: HTMLElement;
  bar: HTMLElement;
  code: string;
}

export class Ranking {
  #rows: Row[] = [];
  #isWhole = false;

  constructor(
    private readonly section: HTMLElement,
    private readonly model: Model,
    private readonly point: (code: string | null) => void,
    private readonly open: (code: string) => void,
  ) {
    const more = section.querySelector<HTMLButtonElement>("#ranking-more")!;
    more.addEventListener("click", () => {
      this.#isWhole = !this.#isWhole;
      more.setAttribute("aria-expanded", String(this.#isWhole));
      more.textContent = text(this.#isWhole ? "showTop" : "showAll");
      section.classList.toggle("whole", this.#isWhole);
      this.paint();
    });
  }

  paint(): void {
    const ranking = this.model.ranking();
    const shown = this.#isWhole ? ranking : ranking.slice(0, TOP);
    this.section.querySelector<HTMLElement>("#ranking-empty")!.hidden = ranking.length > 0;
    this.section.querySelector<HTMLElement>("#ranking-more")!.hidden = ranking.length <= TOP;
    const list = this.section.querySelector("#ranking-list")!;
    while (this.#rows.length < shown.length) this.#rows.push(this.#makeRow(list, this.#rows.length + 1));
    for (const row of this.#rows.splice(shown.length)) row.item.remove();
    const most = shown[0]?.[1] ?? 1;
    for (const [index, [code, count]] of shown.entries()) this.#fill(this.#rows[index]!, code, count, most);
  }

  #makeRow(list: Element, number: number): Row {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const [rank, name, count, track] = ["rank", "name", "count", "track"].map((each) => {
      const element = document.createElement("span");
      element.className = each;
      return element;
    }) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
    const bar = document.createElement("span");
    bar.className = "bar";
    track.append(bar);
    track.ariaHidden = "true";
    rank.textContent = String(number);
    button.append(rank, name, count, track);
    item.append(button);
    list.append(item);
    const row: Row = { item, button, rank, name, count, bar, code: "" };
    button.addEventListener("click", () => this.open(row.code));
    button.addEventListener("pointerenter", () => this.point(row.code));
    button.addEventListener("pointerleave", () => this.point(null));
    return row;
  }

  #fill(row: Row, code: string, count: number, most: number): void {
    if (row.code !== code) {
      row.code = code;
      row.item.dataset["code"] = code;
      row.name.textContent = countryName(code);
    }
    const written = formatCount(count);
    if (row.count.textContent === written) return;
    row.count.textContent = written;
    row.button.title = text("ofAll", { share: formatShare(this.model.accepted ? count / this.model.accepted : 0) });
    row.bar.style.transform = `scaleX(${count / most})`;
  }
}
