// Spanish and English, by the browser's language or `?lang=`.

import { TEXTS } from "./texts";

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
const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric" });
const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });

export const formatCount = (count: number): string => whole.format(count);
export const formatShort = (count: number): string => short.format(count);
export const formatShare = (share: number): string => percent.format(share);
export const formatTime = (milliseconds: number): string => time.format(milliseconds);
export const formatHour = (milliseconds: number): string => hour.format(milliseconds);
export const formatDay = (milliseconds: number): string => day.format(milliseconds);

/** The time of day, with the date where that is not today's. */
export function formatMoment(milliseconds: number): string {
  const isToday = new Date(milliseconds).toDateString() === new Date().toDateString();
  return isToday ? formatTime(milliseconds) : `${date.format(milliseconds)}, ${formatHour(milliseconds)}`;
}

/** "1 tweet", "1.234 tweets". */
export const formatTweets = (count: number): string => `${formatCount(count)} ${text(count === 1 ? "tweet" : "many")}`;

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

/** Without case and accents, as people search. */
export const fold = (words: string): string => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

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
  for (const field of document.querySelectorAll<HTMLInputElement>("[data-hint]")) {
    field.placeholder = text(field.dataset["hint"] as TextKey);
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
    if (link.lang === language) link.setAttribute("aria-current", "true");
  }
}
