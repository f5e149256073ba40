// Tweets per second over the last minutes, as a moving line.

import uPlot from "uplot";
import { formatCount, formatShort, formatTime, text } from "./language";
import { RATE_SECONDS, type Model } from "./model";
import { axisIn, colourIn, keepFitted, shadeIn, topOf } from "./plot";

export class RateChart {
  readonly #plot: uPlot;
  #drawnSecond = 0;
  #shownSeconds = 60;

  constructor(
    private readonly element: HTMLElement,
    private readonly model: Model,
  ) {
    const axis = axisIn(element);
    const line = { points: { show: false }, paths: uPlot.paths.spline!() };
    this.#plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: Math.max(80, element.clientHeight),
        padding: [8, 20, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: (_, least, most) => [least, most] }, y: { range: (_, __, most) => [0, topOf(most)] } },
        axes: [
          { ...axis, grid: { show: false }, size: 24, space: 90, values: (_, seconds) => seconds.map((each) => formatTime(each * 1000)) },
          { ...axis, size: 44, space: 28, values: (_, rates) => rates.map((each) => (Number.isInteger(each) ? formatShort(each) : "")) },
        ],
        series: [
          {},
          { ...line, stroke: colourIn(element, "--accepted"), width: 2, fill: (plot) => shadeIn(element, plot) },
          { ...line, stroke: colourIn(element, "--processed"), width: 1.5 },
        ],
      },
      [[], [], []],
      element,
    );
    keepFitted(this.#plot, element);
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

  #describe(): void {
    const rates = this.model.rate.map((each) => each[1]);
    const most = formatCount(Math.max(0, ...rates));
    this.element.setAttribute("aria-label", text("rateNow", { now: formatCount(this.model.perSecond), most }));
  }
}
