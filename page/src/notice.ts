// One line that says when the page has to go on without the read API.

import { text } from "./language";
import type { Availability } from "./reads";

export function showAvailability(line: HTMLElement, now: Availability): void {
  line.hidden = now === "here";
  line.textContent = now === "here" ? "" : text(now === "off" ? "readsOff" : "readsAway");
}
