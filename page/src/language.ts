// Spanish and English, by the browser's language or `?lang=`.

const TEXTS = {
  es: {
    skip: "Saltar al ranking",
    subtitle: "El tiempo del mundo, tweet a tweet",
    connecting: "Conectando…",
    live: "En vivo",
    lost: "Sin conexión, reconectando…",
    paused: "En pausa",
    pause: "Pausar",
    resume: "Seguir",
    totals: "Totales",
    accepted: "Aceptados",
    processed: "Procesados",
    lag: "Por procesar",
    perSecond: "Tweets por segundo",
    countries: "Países",
    map: "Mapa de tweets por país",
    mapKeys: "Flechas: ir al país vecino. Entrar: acercar. Escape: ver todo. Más y menos: acercar y alejar.",
    zoom: "Acercamiento",
    zoomIn: "Acercar",
    zoomOut: "Alejar",
    zoomReset: "Ver todo el mundo",
    legend: "Tweets por país",
    ranking: "Ranking de países",
    showAll: "Ver todos",
    showTop: "Ver menos",
    empty: "Aún no llega ningún tweet.",
    rate: "Tweets por segundo",
    rateNow: "Tweets por segundo en los últimos cinco minutos: {now} ahora, {most} como máximo",
    tweets: "Últimos tweets",
    api: "API",
    licences: "Licencias",
    mapData: "Mapa: Natural Earth",
    none: "Ningún tweet",
    tweet: "tweet",
    many: "tweets",
    rank: "n.º {rank}",
    ofAll: "{share} del total",
    summary: "{accepted} tweets aceptados de {countries} países, {rate} por segundo. Primero: {first}.",
    unknown: "Desconocido",
  },
  en: {
    skip: "Skip to the ranking",
    subtitle: "The world’s weather, tweet by tweet",
    connecting: "Connecting…",
    live: "Live",
    lost: "Connection lost, reconnecting…",
    paused: "Paused",
    pause: "Pause",
    resume: "Resume",
    totals: "Totals",
    accepted: "Accepted",
    processed: "Processed",
    lag: "To be processed",
    perSecond: "Tweets per second",
    countries: "Countries",
    map: "Map of tweets by country",
    mapKeys: "Arrows: go to the next country. Enter: zoom in. Escape: the whole world. Plus and minus: zoom.",
    zoom: "Zoom",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    zoomReset: "The whole world",
    legend: "Tweets by country",
    ranking: "Top countries",
    showAll: "Show all",
    showTop: "Show fewer",
    empty: "No tweet has arrived yet.",
    rate: "Tweets per second",
    rateNow: "Tweets per second in the last five minutes: {now} now, {most} at most",
    tweets: "Latest tweets",
    api: "API",
    licences: "Licences",
    mapData: "Map: Natural Earth",
    none: "No tweets",
    tweet: "tweet",
    many: "tweets",
    rank: "no. {rank}",
    ofAll: "{share} of all",
    summary: "{accepted} tweets accepted from {countries} countries, {rate} per second. First: {first}.",
    unknown: "Unknown",
  },
} as const;

export type Language = keyof typeof TEXTS;
export type TextKey = keyof (typeof TEXTS)["es"];

const wanted = [new URLSearchParams(location.search).get("lang") ?? "", ...navigator.languages];
export const language: Language = (wanted.map((each) => each.slice(0, 2).toLowerCase()).find((each) => each in TEXTS) ??
  "en") as Language;

/** The text of that key, with its `{names}` filled in. */
export function text(key: TextKey, values: Record<string, string> = {}): string {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

// Spanish groups four digits only in tables; here all numbers stand among larger ones.
const whole = new Intl.NumberFormat(language, { useGrouping: "always" } as unknown as Intl.NumberFormatOptions);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(language, { style: "percent", maximumSignificantDigits: 2 });
const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const formatCount = (count: number): string => whole.format(count);
export const formatShort = (count: number): string => short.format(count);
export const formatShare = (share: number): string => percent.format(share);
export const formatTime = (milliseconds: number): string => time.format(milliseconds);

const names = new Intl.DisplayNames([language], { type: "region" });

/** The country's name in the page's language. */
export function countryName(code: string): string {
  if (code === "ZZ") return text("unknown");
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Puts the page's own texts into its language. */
export function translatePage(): void {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = text(element.dataset["text"] as TextKey);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    const label = text(element.dataset["label"] as TextKey);
    element.setAttribute("aria-label", label);
    element.title = label;
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
    if (link.lang === language) link.setAttribute("aria-current", "true");
  }
}
