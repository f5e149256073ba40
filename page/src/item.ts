// One tweet in a list, live or stored.

import { countryName, text } from "./language";
import type { Kind } from "./kinds";

export interface Item {
  /** As text or as nodes: what people write is never markup. */
  words: (Node | string)[];
  code: string;
  /** As it was written, for countries that nobody knows. */
  country: string;
  at: number;
  /** `at` as it is shown. */
  time: string;
  kinds?: Kind[];
  /** Whether its country is named, as a link to it, or not at all in a list of one country. */
  place?: "named" | "linked" | "known";
}

export function tweetItem({ words, code, country, at, time, kinds = [], place = "named" }: Item): HTMLLIElement {
  const item = document.createElement("li");
  item.dataset["code"] = code;
  const said = document.createElement("p");
  said.append(...words);
  said.dir = "auto";
  const from = document.createElement("p");
  from.className = "from";
  if (place !== "known") from.append(...placeOf(code, country, place === "linked"));
  const moment = document.createElement("time");
  moment.dateTime = new Date(at).toISOString();
  moment.textContent = time;
  from.append(...kinds.map((kind) => span(`kind kind-${kind}`, text(kind))), moment);
  item.append(said, from);
  return item;
}

function placeOf(code: string, country: string, isLinked: boolean): HTMLElement[] {
  const chip = span("chip", code === "ZZ" ? "?" : code);
  chip.ariaHidden = "true";
  const name = document.createElement(isLinked ? "a" : "span");
  if (name instanceof HTMLAnchorElement) name.href = `#${code}`;
  name.className = "place";
  name.textContent = code === "ZZ" ? country : countryName(code);
  return [chip, name];
}

function span(name: string, words: string): HTMLElement {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = words;
  return element;
}
