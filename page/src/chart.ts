// Tweets per second over the last minutes, as a moving line.

import uPlot from "uplot";
import { formatCount, formatShort, formatTime, text } from "./language";
import { RATE_SECONDS, type Model } from "./model";

const LEAST_TOP = 10;

export class RateChart {
  readonly #plot: uPlot;
  #drawnSecond = 0;
  #shownSeconds = 60;

  constructor(
    private readonly element: HTMLElement,
    private readonly model: Model,
  ) {
    const colour = (name: string) => () => getComputedStyle(element).getPropertyValue(name);
    const axis = {
      stroke: colour("--faint"),
      font: '11px "Inter Variable", system-ui, sans-serif',
      ticks: { show: false },
      grid: { stroke: colour("--line"), width: 1 },
    };
    const line = { points: { show: false }, paths: uPlot.paths.spline!() };
    this.#plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: Math.max(80, element.clientHeight),
        padding: [8, 20, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: (_, least, most) => [least, most] }, y: { range: (_, __, most) => [0, top(most)] } },
        axes: [
          { ...axis, grid: { show: false }, size: 24, space: 90, values: (_, seconds) => seconds.map((each) => formatTime(each * 1000)) },
          { ...axis, size: 44, space: 28, values: (_, rates) => rates.map((each) => (Number.isInteger(each) ? formatShort(each) : "")) },
        ],
        series: [
          {},
          { ...line, stroke: colour("--accepted"), width: 2, fill: (plot) => this.#shade(plot) },
          { ...line, stroke: colour("--processed"), width: 1.5 },
        ],
      },
      [[], [], []],
      element,
    );
    new ResizeObserver(() => {
      this.#plot.setSize({ width: element.clientWidth, height: element.clientHeight });
    }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw(false));
  }

  /** Draws up to the moment `now` (milliseconds, our clock). */
  paint(now: number): void {
    const { rate, clockAhead } = this.model;
    const second = rate.at(-1)?.[0] ?? 0;
    // An entry tells of a second that has ended, and arrives a moment later.
    const end = Math.min((now + clockAhead) / 1000 - 1.2, second + 5);
    this.#plot.batch(() => {
      if (second !== this.#drawnSecond) {
        this.#drawnSecond = second;
        this.#plot.setData([rate.map((each) => each[0]), rate.map((each) => each[1]), rate.map((each) => each[2])], false);
        this.#describe();
      }
      const known = second - (rate[0]?.[0] ?? second);
      // Starts with a minute and widens with what there is to show.
      this.#shownSeconds = Math.min(RATE_SECONDS, Math.max(60, known));
      this.#plot.setScale("x", { min: end - this.#shownSeconds, max: end });
    });
  }

  #shade(plot: uPlot): CanvasGradient {
    const { top: from, height } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(0, from, 0, from + height);
    const style = getComputedStyle(this.element);
    gradient.addColorStop(0, style.getPropertyValue("--accepted-shade"));
    gradient.addColorStop(1, style.getPropertyValue("--accepted-clear"));
    return gradient;
  }

  #describe(): void {
    const rates = this.model.rate.map((each) => each[1]);
    const most = formatCount(Math.max(0, ...rates));
    this.element.setAttribute("aria-label", text("rateNow", { now: formatCount(this.model.perSecond), most }));
  }
}

/** The next 1, 2 or 5 with zeros at or above `most`, so that the scale does not tremble. */
function top(most: number | null): number {
  const wanted = Math.max(LEAST_TOP, (most ?? 0) * 1.08);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 1.5, 2, 3, 4, 5, 8, 10].map((each) => each * power).find((each) => each >= wanted) ?? wanted;
}
