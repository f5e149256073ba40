// Rings where tweets come from, drawn over the map.

const LIFE_MILLISECONDS = 1400;
const MOST = 28;

interface Ripple {
  code: string;
  born: number;
}

export class Ripples {
  #ripples: Ripple[] = [];
  #isClear = true;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly locate: (code: string) => [number, number] | null,
  ) {}

  /** A tweet came from there; while a country's ring is young it has no second one. */
  start(code: string, now: number): void {
    if (this.#ripples.length >= MOST) return;
    if (this.#ripples.some((each) => each.code === code && now - each.born < LIFE_MILLISECONDS / 3)) return;
    this.#ripples.push({ code, born: now });
  }

  clear(): void {
    this.#ripples = [];
  }

  draw(now: number): void {
    this.#ripples = this.#ripples.filter((each) => now - each.born < LIFE_MILLISECONDS);
    if (this.#isClear && !this.#ripples.length) return;
    const { canvas } = this;
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    this.#isClear = !this.#ripples.length;
    context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
    context.lineWidth = 1.4 * ratio;
    const reach = Math.min(15, Math.max(6, canvas.clientWidth / 60));
    for (const { code, born } of this.#ripples) {
      const place = this.locate(code);
      if (!place) continue;
      const age = (now - born) / LIFE_MILLISECONDS;
      const alpha = 0.85 * (1 - age) ** 1.5;
      context.beginPath();
      context.arc(place[0] * ratio, place[1] * ratio, (2 + reach * (1 - (1 - age) ** 3)) * ratio, 0, 2 * Math.PI);
      context.globalAlpha = 0.15 * alpha;
      context.fill();
      context.globalAlpha = alpha;
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}
