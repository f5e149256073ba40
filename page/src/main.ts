// The live page: one model, fed by one WebSocket, drawn by several parts at their own pace.

import { RateChart } from "./chart";
import { Choice } from "./choice";
import { CountryPanel } from "./country";
import { Feed, type Status } from "./feed";
import { Film } from "./film";
import { text, translatePage } from "./language";
import { Legend } from "./legend";
import { WorldMap } from "./map";
import { Model } from "./model";
import { showAvailability } from "./notice";
import { Opening } from "./opening";
import { Pace } from "./pace";
import { Ranking } from "./ranking";
import { Reads } from "./reads";
import { Ripples } from "./ripples";
import { Search } from "./search";
import { Totals } from "./totals";
import { TweetList } from "./tweets";
import { loadWorld } from "./world";

const NUMBERS_MILLISECONDS = 33;
const MAP_MILLISECONDS = 200;
const LISTS_MILLISECONDS = 400;
const CHART_MILLISECONDS = 100;
/** How often what is stored is read again, where somebody looks at it. */
const READ_MILLISECONDS = 5_000;

const byId = (id: string): HTMLElement => document.getElementById(id)!;

interface Configuration {
  /** Where the live feed is. */
  live: string;
  /** Whether this system serves what is stored. */
  hasReads: boolean;
}

async function configuration(): Promise<Configuration> {
  const own = new URL("live", location.href);
  own.protocol = own.protocol.replace("http", "ws");
  own.search = own.hash = "";
  try {
    const answer = await fetch("config.json", { cache: "no-cache" });
    const { live_url: configured, reads } = (await answer.json()) as { live_url?: string; reads?: boolean };
    return { live: configured || own.href, hasReads: reads !== false };
  } catch {
    return { live: own.href, hasReads: true };
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

  const { live, hasReads } = await configuration();
  let status: Status = { kind: "connecting" };
  const feed = new Feed(
    live,
    (message) => {
      model.apply(message);
      if (message.type === "delta") for (const each of message.recent ?? []) rippling.add(each.codigo);
    },
    (now) => showStatus((status = now), pace.isPaused),
  );
  const rippling = new Set<string>();
  feed.connect();

  const reads = new Reads((now) => {
    showAvailability(byId("notice"), now);
    choice.adapt();
    film.adapt();
    if (now === "here") void panel.load();
  });
  const choice = new Choice(model, reads, byId("views"));
  const countries = await world;
  const map = new WorldMap(byId("stage"), countries, choice.view, moves);
  const ripples = new Ripples(byId("ripples") as HTMLCanvasElement, (code) => map.locate(code));
  const legend = new Legend(byId("legend"), byId("legend-title"), (kind) => choice.chooseKind(kind));
  const film = new Film(byId("film"), reads, moves, (hours, index) => choice.showHour(hours, index));
  const panel = new CountryPanel(byId("country"), model, reads, () => opening.close());
  map.onKey = (view) => legend.show(view);
  choice.onChange = () => map.paint(choice.view, []);
  map.paint(choice.view, []);
  if (!hasReads) reads.switchOff();
  const opening = new Opening(document.querySelector("main")!, byId("country"), panel, map);
  map.onOpen = (code, isByKeyboard) => opening.go(code, { isPointedAt: !isByKeyboard });

  const point = (code: string | null) => map.show(code);
  const totals = new Totals(model, moves);
  const ranking = new Ranking(byId("ranking"), model, point, (code) => opening.go(code));
  const tweets = new TweetList(byId("tweets"), point);
  const chart = new RateChart(byId("chart"), model);
  new Search(byId("search"), reads, countries.map(({ code }) => code).filter(Boolean), (code) => opening.go(code));
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());
  byId("zoom-reset").addEventListener("click", () => map.reset());

  pace.every(NUMBERS_MILLISECONDS, (now) => {
    totals.paint();
    for (const code of rippling) if (moves() && !choice.isFilm) ripples.start(code, now);
    rippling.clear();
    ripples.draw(now);
  });
  pace.every(MAP_MILLISECONDS, () => map.paint(choice.view, model.takeChanged()));
  pace.every(LISTS_MILLISECONDS, (now) => {
    ranking.paint();
    tweets.paint(model, now);
    totals.summarize(now);
    panel.paint();
  });
  pace.every(CHART_MILLISECONDS, () => chart.paint(Date.now()));
  pace.every(READ_MILLISECONDS, () => {
    void choice.refresh();
    void panel.refresh();
  });
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
