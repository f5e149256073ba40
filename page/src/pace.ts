// When things are drawn: by their own pace, not by that of the tweets.

interface Work {
  milliseconds: number;
  draw: (now: number) => void;
  drawn: number;
}

/** Calls each work from the browser's frames, no more often than it asks for, and never in a hidden tab. */
export class Pace {
  readonly #works: Work[] = [];
  isPaused = false;

  every(milliseconds: number, draw: (now: number) => void): void {
    this.#works.push({ milliseconds, draw, drawn: -Infinity });
  }

  start(): void {
    const frame = (now: number): void => {
      requestAnimationFrame(frame);
      if (this.isPaused) return;
      for (const work of this.#works) {
        // A frame comes a little early or late: half of one is near enough.
        if (now - work.drawn < work.milliseconds - 8) continue;
        work.drawn = now;
        work.draw(now);
      }
    };
    requestAnimationFrame(frame);
  }
}
