// What the map's colours mean.

import { formatShort } from "./language";
import { colourOf } from "./scale";

/** Rebuilds the list: none, and then each class from its least count. */
export function showLegend(list: HTMLElement, limits: number[]): void {
  list.replaceChildren(
    ...[0, ...limits].map((least, index) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = `swatch q${colourOf(least, limits)}`;
      swatch.ariaHidden = "true";
      const next = limits[index];
      const isSingle = index > 0 && next === least + 1;
      item.append(swatch, least === 0 ? "0" : isSingle ? formatShort(least) : `${formatShort(least)}+`);
      return item;
    }),
  );
}
