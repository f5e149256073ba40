// What the map's colours mean; a kind in it is a button that shows only that kind.

import { KINDS, STRENGTHS, type Kind } from "./kinds";
import { formatShare, formatShort, text } from "./language";
import { colourOf } from "./scale";
import { KindView, NumberView, type View } from "./views";

export class Legend {
  /** The buttons of the kinds, made once: who has the focus on one keeps it. */
  readonly #buttons = new Map<Kind, HTMLButtonElement>();

  constructor(
    private readonly element: HTMLElement,
    private readonly title: HTMLElement,
    private readonly onKind: (kind: Kind | null) => void,
  ) {}

  show(view: View): void {
    if (view instanceof NumberView) this.#showNumbers(view);
    else if (view instanceof KindView) this.#showKinds(view);
  }

  /** None, and then each class from its least count. */
  #showNumbers({ title, limits }: NumberView): void {
    this.title.textContent = text(title);
    const items = [0, ...limits].map((least, index) => {
      const next = limits[index];
      const isSingle = index > 0 && next === least + 1;
      const words = least === 0 ? "0" : isSingle ? formatShort(least) : `${formatShort(least)}+`;
      return listItem(swatch(`q${colourOf(least, limits)}`), words);
    });
    this.element.classList.remove("of-kinds");
    this.element.replaceChildren(list("classes", items));
  }

  #showKinds({ chosen }: KindView): void {
    this.title.textContent = text(chosen ? "legendKind" : "legendKinds");
    if (!this.element.classList.contains("of-kinds")) this.#makeKinds();
    for (const [kind, button] of this.#buttons) button.setAttribute("aria-pressed", String(kind === chosen));
    this.element.querySelector(".strengths")!.className = `strengths ${chosen ? `kind-${chosen}` : ""}`;
  }

  #makeKinds(): void {
    this.#buttons.clear();
    const items = KINDS.map((kind) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(swatch(`kind-${kind}`, "strength-3"), text(kind));
      button.addEventListener("click", () => {
        this.onKind(button.getAttribute("aria-pressed") === "true" ? null : kind);
      });
      this.#buttons.set(kind, button);
      return listItem(button);
    });
    const strengths = document.createElement("div");
    strengths.className = "strengths";
    const [some, half] = STRENGTHS.map(formatShare);
    const words = [`< ${some}`, `≥ ${some}`, `≥ ${half}`];
    const levels = words.map((each, index) => listItem(swatch(`strength-${index + 1}`), each));
    strengths.append(paragraph(text("strength")), list("levels", levels));
    this.element.classList.add("of-kinds");
    this.element.replaceChildren(list("kinds-list", items), strengths);
  }
}

function swatch(...classes: string[]): HTMLElement {
  const element = document.createElement("span");
  element.classList.add("swatch", ...classes);
  element.ariaHidden = "true";
  return element;
}

function listItem(...content: (Node | string)[]): HTMLLIElement {
  const item = document.createElement("li");
  item.append(...content);
  return item;
}

function list(name: string, items: HTMLLIElement[]): HTMLOListElement {
  const element = document.createElement("ol");
  element.className = name;
  element.append(...items);
  return element;
}

function paragraph(words: string): HTMLParagraphElement {
  const element = document.createElement("p");
  element.textContent = words;
  return element;
}
