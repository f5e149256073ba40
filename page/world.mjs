// The map: Natural Earth's countries at 1:50 million, one shape per ISO 3166 code, with just the detail that
// a screen shows at the largest zoom.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoArea, geoCentroid } from "d3-geo";
import { feature, mergeArcs } from "topojson-client";
import { topology } from "topojson-server";
import { filter, filterWeight, presimplify, quantile, simplify, sphericalRingArea, sphericalTriangleArea } from "topojson-simplify";

const require = createRequire(import.meta.url);
const json = (file) => JSON.parse(readFileSync(require.resolve(file), "utf8"));

// Share of the points that stays: at the largest zoom of a large screen this is still finer than a few pixels.
const KEPT_POINTS = 0.38;
const QUANTIZATION = 2e4;

// Parts of a country's shape that have an ISO code of their own: [code, the country's name, west, south, east, north].
const CARVED = [
  ["GF", "France", -55, 2, -51, 6],
  ["GP", "France", -62, 15.7, -61, 16.7],
  ["MQ", "France", -61.5, 14.2, -60.6, 15],
  ["RE", "France", 55, -22, 56, -20],
  ["YT", "France", 44.8, -13.2, 45.5, -12.4],
  ["SJ", "Norway", 8, 74, 36, 82],
  ["BQ", "Netherlands", -69, 11, -62, 18],
  ["CC", "Indian Ocean Ter.", 95, -14, 98, -10],
  ["CX", "Indian Ocean Ter.", 104, -12, 107, -9],
];

// Shapes without an ISO number of their own.
const BY_NAME = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };

// Too small for 1:50 million: shown as a dot. [longitude, latitude]
const DOTS = {
  BV: [3.4, -54.4],
  CC: [96.8, -12.2],
  CX: [105.6, -10.5],
  GI: [-5.35, 36.14],
  TK: [-171.8, -9.2],
  TV: [179.2, -8.5],
  UM: [166.6, 19.3],
};

function codesByNumber() {
  const { codeMappings } = json("cldr-core/supplemental/codeMappings.json").supplemental;
  const { territoryAlias } = json("cldr-core/supplemental/aliases.json").supplemental.metadata.alias;
  const codes = {};
  for (const [code, { _numeric: number }] of Object.entries(codeMappings)) {
    // Codes that were given up (ZR, TP, …) share their number with those that replaced them.
    if (number && code.length === 2 && !(code in territoryAlias)) codes[number] = code;
  }
  return codes;
}

const polygonsOf = ({ geometry }) =>
  geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;

const isInside = ([x, y], [west, south, east, north]) => x > west && x < east && y > south && y < north;

function carve(features, codes) {
  const byCode = new Map();
  for (const each of features) {
    const name = each.properties.name;
    const own = BY_NAME[name] ?? codes[each.id] ?? null;
    for (const coordinates of polygonsOf(each)) {
      const middle = geoCentroid({ type: "Polygon", coordinates });
      const carved = CARVED.find(([, from, ...box]) => from === name && isInside(middle, box));
      const code = carved ? carved[0] : own;
      if (!byCode.has(code)) byCode.set(code, []);
      byCode.get(code).push(coordinates);
    }
  }
  return byCode;
}

/** Centroid of the largest part, rounded to a tenth of a degree. */
function middleOf(polygons) {
  const parts = polygons.map((coordinates) => ({ type: "Polygon", coordinates }));
  const largest = parts.reduce((a, b) => (geoArea(b) > geoArea(a) ? b : a));
  return geoCentroid(largest).map((degrees) => Math.round(degrees * 10) / 10);
}

/** {topology, dots}: the object `countries` of the topology has the code as `id` and `properties.at`. */
export function world() {
  const atlas = json("world-atlas/countries-50m.json");
  const byCode = carve(feature(atlas, atlas.objects.countries).features, codesByNumber());
  const middles = new Map([...byCode].map(([code, polygons]) => [code, middleOf(polygons)]));
  const shapes = [...byCode].map(([code, polygons]) => ({
    type: "Feature",
    id: code ?? undefined,
    properties: {},
    geometry: { type: "MultiPolygon", coordinates: polygons },
  }));
  let shared = topology({ countries: { type: "FeatureCollection", features: shapes } }, 1e6);
  // Parts of one country that touch (Somaliland) become one.
  for (const geometry of shared.objects.countries.geometries) {
    const merged = mergeArcs(shared, [geometry]);
    geometry.type = merged.type;
    geometry.arcs = merged.arcs;
  }
  shared = presimplify(shared, sphericalTriangleArea);
  const least = quantile(shared, KEPT_POINTS);
  shared = filter(simplify(shared, least), filterWeight(shared, least / 4, sphericalRingArea));
  const drawn = feature(shared, shared.objects.countries).features;
  shared = topology({ countries: { type: "FeatureCollection", features: drawn } }, QUANTIZATION);
  for (const geometry of shared.objects.countries.geometries) {
    geometry.properties = { at: middles.get(geometry.id ?? null) };
  }
  const isDrawn = new Set(drawn.filter((each) => each.geometry).map((each) => each.id));
  const dots = Object.entries(DOTS).filter(([code]) => !isDrawn.has(code));
  for (const [code, at] of middles) {
    if (code && !isDrawn.has(code) && !(code in DOTS)) dots.push([code, at]);
  }
  shared.objects.countries.geometries = shared.objects.countries.geometries.filter((each) => each.type);
  return { topology: shared, dots: dots.sort().map(([code, at]) => ({ code, at })) };
}
