// The choropleth: shapes with the colours of a view, pan and zoom, names by hover, tap and keyboard.

import { geoEqualEarth, geoGraticule10, geoPath, type GeoProjection } from "d3-geo";
import { select, type Selection } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomBehavior, type ZoomTransform } from "d3-zoom";
import { countryName } from "./language";
import type { View } from "./views";
import type { Country } from "./world";

const SVG = "http://www.w3.org/2000/svg";
const LARGEST_ZOOM = 9;
const STEP = 1.8;
/** Cuts the world in the Bering Strait instead of through Chukotka. */
const MIDDLE_LONGITUDE = 11;
const MOVE_MILLISECONDS = 450;
/** A country smaller than this on the screen has a dot, so that nobody is too small to be seen. */
const DOT_BELOW_SQUARE_PIXELS = 12;
/** On a small map dots are smaller too, and fewer. */
const SMALL_STAGE_PIXELS = 600;
const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Surface = Selection<SVGSVGElement, unknown, null, undefined>;

interface Drawn {
  country: Country;
  element: SVGPathElement;
  dot: SVGPathElement | null;
  /** On the unzoomed map. */
  point: [number, number];
  area: number;
  /** Names of its classes, with blanks between. */
  colour: string;
}

// Shows the whole world but the ice at its poles.
const FRAME = {
  type: "MultiPoint" as const,
  coordinates: [
    [MIDDLE_LONGITUDE - 179.9, 0],
    [MIDDLE_LONGITUDE + 179.9, 0],
    [0, 83.5],
    [0, -56],
  ],
};

export class WorldMap {
  readonly #projection: GeoProjection = geoEqualEarth().rotate([-MIDDLE_LONGITUDE, 0]);
  readonly #drawn = new Map<string, Drawn>();
  readonly #ground: SVGGElement;
  readonly #sphere: SVGPathElement;
  readonly #graticule: SVGPathElement;
  readonly #outline: SVGPathElement;
  readonly #unowned: [SVGPathElement, Country][] = [];
  readonly #svg: Surface;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  #transform: ZoomTransform = zoomIdentity;
  #view: View;
  #key = "";
  #pointed: string | null = null;
  #opened: string | null = null;
  /** Where to go as soon as the map has a size. */
  #wanted: string | null = null;
  #isFitted = false;
  #reachable: string | null = null;
  /** The colours have another meaning now. */
  onKey: (view: View) => void = () => {};
  /** Somebody wants to see inside a country; by keyboard where nothing was pointed at. */
  onOpen: (code: string, isByKeyboard: boolean) => void = () => {};

  constructor(
    private readonly stage: HTMLElement,
    countries: Country[],
    view: View,
    private readonly moves: () => boolean,
  ) {
    this.#view = view;
    const svg = stage.querySelector("svg")!;
    this.#svg = select(svg);
    svg.setAttribute("role", "listbox");
    svg.setAttribute("aria-labelledby", "map-title");
    svg.setAttribute("aria-describedby", "map-keys");
    this.#ground = add(svg, "g");
    this.#ground.setAttribute("role", "presentation");
    this.#sphere = add(this.#ground, "path", "sphere");
    this.#graticule = add(this.#ground, "path", "graticule");
    for (const each of [this.#sphere, this.#graticule]) each.setAttribute("aria-hidden", "true");
    this.#drawCountries(countries);
    this.#outline = add(this.#ground, "path", "outline");
    this.#outline.setAttribute("aria-hidden", "true");

    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([1, LARGEST_ZOOM])
      .filter((event: Event) => this.#isForMap(event))
      .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => this.#move(event.transform));
    this.#svg.call(this.#zoom).on("dblclick.zoom", null);
    this.#hear(svg);
    new ResizeObserver(() => this.#fit()).observe(stage);
  }

  /** Where a country is on the stage now, null where it is outside or unknown. */
  locate(code: string): [number, number] | null {
    const drawn = this.#drawn.get(code);
    if (!drawn) return null;
    const [x, y] = this.#transform.apply(drawn.point);
    const { clientWidth: width, clientHeight: height } = this.stage;
    return x >= 0 && y >= 0 && x <= width && y <= height ? [x, y] : null;
  }

  /** Colours the countries of which something changed, and all when the view or its classes did. */
  paint(view: View, changed: Iterable<string>): void {
    const { key } = view;
    const isNew = key !== this.#key;
    this.#view = view;
    this.#key = key;
    if (isNew) this.onKey(view);
    for (const code of isNew ? this.#drawn.keys() : changed) {
      this.#fill(code);
      this.#label(code);
    }
    if (this.#pointed) this.#tell(this.#pointed);
  }

  /** Keeps a country outlined and named while nothing else is pointed at. */
  mark(code: string | null): void {
    this.#opened = code;
    this.#point(code);
    if (code && this.#drawn.has(code)) this.#makeReachable(code);
  }

  has(code: string): boolean {
    return this.#drawn.has(code);
  }

  /** Where the Tab key enters the map. */
  focus(): void {
    if (this.#reachable) this.#focus(this.#reachable);
  }

  /** Shows a country: outlined, named, and in the middle if asked. */
  show(code: string | null, { zooms = false } = {}): void {
    this.#point(code);
    if (code && zooms) this.#goTo(code);
  }

  #goTo(code: string): void {
    const drawn = this.#drawn.get(code);
    if (!drawn) return;
    if (!this.#isFitted) {
      this.#wanted = code;
      return;
    }
    const { clientWidth: width, clientHeight: height } = this.stage;
    const scale = Math.min(LARGEST_ZOOM, Math.max(2, Math.sqrt((width * height * 0.025) / Math.max(drawn.area, 1))));
    const target = zoomIdentity.translate(width / 2, height / 2).scale(scale).translate(-drawn.point[0], -drawn.point[1]);
    this.#go((svg) => svg.call(this.#zoom.transform, target));
  }

  zoomBy(factor: number): void {
    this.#go((svg) => svg.call(this.#zoom.scaleBy, factor));
  }

  zoomIn(): void {
    this.zoomBy(STEP);
  }

  zoomOut(): void {
    this.zoomBy(1 / STEP);
  }

  reset(): void {
    this.#go((svg) => svg.call(this.#zoom.transform, zoomIdentity));
  }

  #drawCountries(countries: Country[]): void {
    for (const country of countries) {
      const element = add(this.#ground, "path", "country");
      if (!country.code) {
        element.setAttribute("aria-hidden", "true");
        this.#unowned.push([element, country]);
        continue;
      }
      element.dataset["code"] = country.code;
      element.setAttribute("role", "option");
      element.setAttribute("aria-selected", "false");
      element.setAttribute("tabindex", "-1");
      const drawn: Drawn = { country, element, dot: null, point: [0, 0], area: 0, colour: "q0" };
      this.#drawn.set(country.code, drawn);
      this.#label(country.code);
    }
    // Above all shapes, so that no neighbour covers them.
    for (const drawn of this.#drawn.values()) {
      drawn.dot = add(this.#ground, "path", "dot");
      drawn.dot.dataset["code"] = drawn.country.code;
      drawn.dot.setAttribute("aria-hidden", "true");
    }
    this.#makeReachable(this.#drawn.has("GT") ? "GT" : (this.#drawn.keys().next().value ?? null));
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.#svg.attr("viewBox", `0 0 ${width} ${height}`);
    const margin = Math.min(16, width * 0.02);
    this.#projection.fitExtent(
      [
        [margin, margin],
        [width - margin, height - margin],
      ],
      FRAME,
    );
    const path = geoPath(this.#projection).digits(2);
    this.#sphere.setAttribute("d", path({ type: "Sphere" }) ?? "");
    this.#graticule.setAttribute("d", path(geoGraticule10()) ?? "");
    for (const drawn of this.#drawn.values()) {
      const { country, element, dot } = drawn;
      drawn.point = this.#projection(country.at) ?? [0, 0];
      drawn.area = country.shape ? path.area(country.shape) : 0;
      element.setAttribute("d", (country.shape && path(country.shape)) ?? "");
      // A line of no length with round ends is a circle that keeps its size when the map is zoomed.
      dot!.setAttribute("d", `M${drawn.point[0]},${drawn.point[1]}h0`);
    }
    for (const [element, country] of this.#unowned) element.setAttribute("d", path(country.shape!) ?? "");
    this.#zoom.extent([
      [0, 0],
      [width, height],
    ]);
    this.#zoom.translateExtent([
      [0, 0],
      [width, height],
    ]);
    this.#showDots();
    this.#point(this.#pointed);
    this.#isFitted = true;
    if (this.#wanted) this.#goTo(this.#wanted);
    this.#wanted = null;
  }

  #showDots(): void {
    const scale = this.#transform.k ** 2;
    const least = DOT_BELOW_SQUARE_PIXELS * Math.min(1, this.stage.clientWidth / SMALL_STAGE_PIXELS);
    for (const { dot, area } of this.#drawn.values()) {
      dot!.classList.toggle("small", area * scale < least);
    }
  }

  #fill(code: string): void {
    const drawn = this.#drawn.get(code);
    if (!drawn) return;
    const classes = this.#view.classesOf(code);
    const colour = classes.join(" ");
    if (colour === drawn.colour) return;
    for (const element of [drawn.element, drawn.dot!]) {
      element.classList.remove(...drawn.colour.split(" "));
      element.classList.add(...classes);
    }
    drawn.colour = colour;
  }

  #label(code: string): void {
    this.#drawn.get(code)?.element.setAttribute("aria-label", `${countryName(code)}: ${this.#view.wordsOf(code)}`);
  }

  #move(transform: ZoomTransform): void {
    this.#transform = transform;
    this.#ground.setAttribute("transform", transform.toString());
    this.stage.classList.toggle("zoomed", transform.k > 1.01);
    this.#showDots();
    if (this.#pointed) this.#tell(this.#pointed);
  }

  #go(act: (svg: Surface) => void): void {
    // A transition has the methods of a selection that a zoom needs.
    act(this.moves() ? (this.#svg.transition().duration(MOVE_MILLISECONDS) as unknown as Surface) : this.#svg);
  }

  /** One finger scrolls the page until the map is zoomed; the wheel does where the page can scroll. */
  #isForMap(event: Event): boolean {
    if (event instanceof WheelEvent) {
      return event.ctrlKey || event.metaKey || document.documentElement.scrollHeight <= innerHeight + 1;
    }
    if (typeof TouchEvent !== "undefined" && event instanceof TouchEvent) {
      return event.touches.length > 1 || this.#transform.k > 1.01;
    }
    return !(event as MouseEvent).button;
  }

  #hear(svg: SVGSVGElement): void {
    const codeAt = (event: Event): string | null =>
      event.target instanceof SVGElement ? (event.target.dataset["code"] ?? null) : null;
    svg.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.#point(codeAt(event)));
    svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#point(null));
    svg.addEventListener("click", (event) => {
      const code = codeAt(event);
      this.#point(code);
      if (code) this.onOpen(code, false);
    });
    svg.addEventListener("focusin", (event) => {
      const code = codeAt(event);
      if (code) this.#makeReachable(code);
      this.#point(code);
    });
    svg.addEventListener("focusout", () => this.#point(null));
    svg.addEventListener("keydown", (event) => this.#press(event));
  }

  #press(event: KeyboardEvent): void {
    const code = this.#reachable;
    const direction = KEYS[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (direction && code) this.#focus(this.#neighbour(code, direction));
    else if (code && (event.key === "Enter" || event.key === " ")) this.onOpen(code, true);
    else if (event.key === "Escape" || event.key === "0") this.reset();
    else if (event.key === "+" || event.key === "=") this.zoomIn();
    else if (event.key === "-") this.zoomOut();
    else return;
    event.preventDefault();
  }

  /** The nearest country in a direction; far to the side counts as farther away. */
  #neighbour(code: string, [right, down]: [number, number]): string {
    const from = this.#drawn.get(code)!.point;
    let best = code;
    let least = Infinity;
    for (const [other, { point }] of this.#drawn) {
      const [x, y] = [point[0] - from[0], point[1] - from[1]];
      const ahead = x * right + y * down;
      const aside = Math.abs(x * down) + Math.abs(y * right);
      if (other === code || ahead <= 0.5 || aside > 2 * ahead) continue;
      const distance = ahead + 2 * aside;
      if (distance < least) [best, least] = [other, distance];
    }
    return best;
  }

  #focus(code: string): void {
    this.#makeReachable(code);
    this.#drawn.get(code)!.element.focus({ preventScroll: true });
    const place = this.locate(code);
    if (!place) {
      const [x, y] = this.#drawn.get(code)!.point;
      this.#go((svg) => svg.call(this.#zoom.translateTo, x, y));
    }
  }

  /** The Tab key reaches one country, the arrows go on from there. */
  #makeReachable(code: string | null): void {
    if (this.#reachable) this.#drawn.get(this.#reachable)?.element.setAttribute("tabindex", "-1");
    this.#reachable = code;
    if (code) this.#drawn.get(code)?.element.setAttribute("tabindex", "0");
  }

  #point(wanted: string | null): void {
    const code = wanted ?? this.#opened;
    const before = this.#pointed && this.#drawn.get(this.#pointed);
    if (before) before.element.setAttribute("aria-selected", "false");
    const drawn = code ? this.#drawn.get(code) : undefined;
    this.#pointed = drawn ? code : null;
    drawn?.element.setAttribute("aria-selected", "true");
    const isSmall = drawn?.dot?.classList.contains("small");
    this.#outline.classList.toggle("around-dot", Boolean(isSmall));
    this.#outline.setAttribute("d", ((isSmall ? drawn?.dot : drawn?.element) ?? null)?.getAttribute("d") ?? "");
    if (drawn && code) this.#tell(code);
    else this.stage.querySelector<HTMLElement>("#tip")!.hidden = true;
  }

  #tell(code: string): void {
    const tip = this.stage.querySelector<HTMLElement>("#tip")!;
    const place = this.locate(code);
    tip.hidden = !place;
    if (!place) return;
    setText(tip.querySelector("#tip-name")!, countryName(code));
    const words = [this.#view.wordsOf(code), this.#view.besides(code)];
    setText(tip.querySelector("#tip-count")!, words.filter(Boolean).join(" · "));
    const { clientWidth: width } = this.stage;
    const half = tip.offsetWidth / 2 + 4;
    const x = Math.min(width - half, Math.max(half, place[0]));
    const isBelow = place[1] < tip.offsetHeight + 20;
    tip.style.transform = `translate(${x}px, ${place[1] + (isBelow ? 16 : -14)}px) translate(-50%, ${isBelow ? 0 : -100}%)`;
  }
}

function add<K extends "g" | "path">(parent: Element, name: K, className = ""): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  if (className) element.setAttribute("class", className);
  return parent.appendChild(element);
}

function setText(element: Element, value: string): void {
  if (element.textContent !== value) element.textContent = value;
}
