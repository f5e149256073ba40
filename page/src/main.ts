// The live page: one model, fed by one WebSocket, drawn by several parts at their own pace.

import { RateChart } from "./chart";
import { Feed, type Status } from "./feed";
import { text, translatePage } from "./language";
import { showLegend } from "./legend";
import { WorldMap } from "./map";
import { Model } from "./model";
import { Pace } from "./pace";
import { Ranking } from "./ranking";
import { Ripples } from "./ripples";
import { Totals } from "./totals";
import { TweetList } from "./tweets";
import { loadWorld } from "./world";

const NUMBERS_MILLISECONDS = 33;
const MAP_MILLISECONDS = 200;
const LISTS_MILLISECONDS = 400;
const CHART_MILLISECONDS = 100;

const byId = (id: string): HTMLElement => document.getElementById(id)!;

async function liveUrl(): Promise<string> {
  const own = new URL("live", location.href);
  own.protocol = own.protocol.replace("http", "ws");
  own.search = own.hash = "";
  try {
    const answer = await fetch("config.json", { cache: "no-cache" });
    const { live_url: configured } = (await answer.json()) as { live_url?: string };
    return configured || own.href;
  } catch {
    return own.href;
  }
}

function showStatus(status: Status, isPaused: boolean): void {
  const pill = byId("status");
  const kind = status.kind === "live" && isPaused ? "paused" : status.kind;
  if (pill.dataset["kind"] === kind) return;
  // A first try that fails at once should not flicker between two words.
  if (kind === "connecting" && pill.dataset["kind"] === "waiting") return;
  pill.dataset["kind"] = kind;
  byId("status-text").textContent = text(kind === "waiting" ? "lost" : kind);
}

async function main(): Promise<void> {
  translatePage();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const moves = () => !still.matches;
  const model = new Model();
  const pace = new Pace();
  const world = loadWorld();

  let status: Status = { kind: "connecting" };
  const feed = new Feed(
    await liveUrl(),
    (message) => {
      model.apply(message);
      if (message.type === "delta") for (const each of message.recent ?? []) rippling.add(each.codigo);
    },
    (now) => showStatus((status = now), pace.isPaused),
  );
  const rippling = new Set<string>();
  feed.connect();

  const map = new WorldMap(byId("stage"), await world, model, moves);
  const show = (code: string | null, zooms: boolean) => map.show(code, { zooms });
  const ripples = new Ripples(byId("ripples") as HTMLCanvasElement, (code) => map.locate(code));
  const totals = new Totals(model, moves);
  const ranking = new Ranking(byId("ranking"), model, show);
  const tweets = new TweetList(byId("tweets"), show);
  const chart = new RateChart(byId("chart"), model);
  map.onLimits = (limits) => showLegend(byId("legend"), limits);
  showLegend(byId("legend"), [1]);
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());
  byId("zoom-reset").addEventListener("click", () => map.reset());

  pace.every(NUMBERS_MILLISECONDS, (now) => {
    totals.paint();
    for (const code of rippling) if (moves()) ripples.start(code, now);
    rippling.clear();
    ripples.draw(now);
  });
  pace.every(MAP_MILLISECONDS, () => map.paint(model.takeChanged()));
  pace.every(LISTS_MILLISECONDS, (now) => {
    ranking.paint();
    tweets.paint(model, now);
    totals.summarize(now);
  });
  pace.every(CHART_MILLISECONDS, () => chart.paint(Date.now()));
  pace.start();

  byId("pause").addEventListener("click", () => {
    pace.isPaused = !pace.isPaused;
    ripples.clear();
    byId("pause").setAttribute("aria-pressed", String(pace.isPaused));
    byId("pause-text").textContent = text(pace.isPaused ? "resume" : "pause");
    showStatus(status, pace.isPaused);
  });
}

void main();
