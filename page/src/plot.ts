// What the page's plots have in common.

import type uPlot from "uplot";

const LEAST_TOP = 10;

/** A colour by the name that style.css gives it, read anew when it is drawn: the dark may come. */
export const colourIn = (element: HTMLElement, name: string) => (): string =>
  getComputedStyle(element).getPropertyValue(name);

export const axisIn = (element: HTMLElement) => ({
  stroke: colourIn(element, "--faint"),
  font: '11px "Inter Variable", system-ui, sans-serif',
  ticks: { show: false },
  grid: { stroke: colourIn(element, "--line"), width: 1 },
});

/** A shade below a line, that fades downward. */
export function shadeIn(element: HTMLElement, plot: uPlot): CanvasGradient {
  const { top: from, height } = plot.bbox;
  const gradient = plot.ctx.createLinearGradient(0, from, 0, from + height);
  gradient.addColorStop(0, colourIn(element, "--accepted-shade")());
  gradient.addColorStop(1, colourIn(element, "--accepted-clear")());
  return gradient;
}

/** Keeps a plot as large as its element, and in its colours. */
export function keepFitted(plot: uPlot, element: HTMLElement): void {
  new ResizeObserver(() => {
    if (element.clientWidth) plot.setSize({ width: element.clientWidth, height: element.clientHeight });
  }).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false));
}

/** The next 1, 2 or 5 with zeros at or above `most`, so that the scale does not tremble. */
export function topOf(most: number | null): number {
  const wanted = Math.max(LEAST_TOP, (most ?? 0) * 1.08);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 1.5, 2, 3, 4, 5, 8, 10].map((each) => each * power).find((each) => each >= wanted) ?? wanted;
}
