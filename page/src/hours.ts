// A country's tweets per hour, as a line.

import uPlot from "uplot";
import { formatCount, formatHour, formatShort, text } from "./language";
import { axisIn, colourIn, keepFitted, shadeIn, topOf } from "./plot";
import type { Hour } from "./reads";

export class HoursChart {
  readonly #plot: uPlot;

  constructor(private readonly element: HTMLElement) {
    const axis = axisIn(element);
    this.#plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: Math.max(80, element.clientHeight),
        padding: [8, 18, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: (_, least, most) => [least, most] }, y: { range: (_, __, most) => [0, topOf(most)] } },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 22,
            splits: (plot) => [...plot.data[0]].filter((_, index) => index % 6 === 0),
            values: (_, seconds) => seconds.map((each) => formatHour(each * 1000)),
          },
          { ...axis, size: 40, space: 26, values: (_, counts) => counts.map((each) => (Number.isInteger(each) ? formatShort(each) : "")) },
        ],
        series: [
          {},
          {
            stroke: colourIn(element, "--accepted"),
            width: 2,
            fill: (plot) => shadeIn(element, plot),
            paths: uPlot.paths.linear!(),
            points: { show: true, size: 4, fill: colourIn(element, "--accepted") },
          },
        ],
      },
      [[], []],
      element,
    );
    keepFitted(this.#plot, element);
  }

  show(hours: Hour[]): void {
    this.#plot.setData([hours.map(({ at }) => Date.parse(at) / 1000), hours.map(({ tweets }) => tweets)]);
    const most = hours.reduce<Hour | null>((best, each) => (each.tweets > (best?.tweets ?? 0) ? each : best), null);
    const label = most
      ? text("hoursTold", {
          sum: formatCount(hours.reduce((sum, each) => sum + each.tweets, 0)),
          most: formatCount(most.tweets),
          when: formatHour(Date.parse(most.at)),
        })
      : text("hoursNone");
    this.element.setAttribute("aria-label", label);
  }
}
