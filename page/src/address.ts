// The country in the page's address, `#GT`: a link to it can be shared, and the back button goes back.

/** The code in the address, null where there is none. */
export function countryInAddress(): string | null {
  const code = location.hash.slice(1).toUpperCase();
  return /^[A-Z]{2}$/.test(code) ? code : null;
}

/** Calls when the address names another country, or none any more. */
export function onAddress(call: () => void): void {
  addEventListener("hashchange", call);
  addEventListener("popstate", call);
}

/** Puts a country into the address, as a step to which the back button returns. */
export function goToCountry(code: string | null): void {
  if (code === countryInAddress()) return;
  history.pushState(null, "", `${location.pathname}${location.search}${code ? `#${code}` : ""}`);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Lets the links to the other language keep the country. */
export function keepInLinks(links: Iterable<HTMLAnchorElement>): void {
  for (const link of links) link.hash = location.hash;
}
