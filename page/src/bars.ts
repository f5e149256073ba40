// The kinds of weather of some tweets, as bars.

import { ranked, type Tally } from "./kinds";
import { formatCount, formatShare, text } from "./language";

/** Fills the list; a bar's length is its share of the tweets. */
export function showBars(list: HTMLElement, { tweets, kinds }: Tally): void {
  list.replaceChildren(
    ...ranked(kinds).map(([kind, count]) => {
      const item = document.createElement("li");
      item.className = `kind-${kind}`;
      item.dataset["kind"] = kind;
      const [name, share, number, track] = ["name", "share", "count", "track"].map((each) => {
        const element = document.createElement("span");
        element.className = each;
        return element;
      }) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
      name.textContent = text(kind);
      share.textContent = formatShare(count / tweets);
      number.textContent = formatCount(count);
      const bar = document.createElement("span");
      bar.className = "bar";
      bar.style.transform = `scaleX(${Math.min(1, count / tweets)})`;
      track.append(bar);
      track.ariaHidden = "true";
      item.append(name, share, number, track);
      return item;
    }),
  );
}
