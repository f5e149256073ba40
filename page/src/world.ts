// The shapes of the map.

import type { Feature, MultiPolygon, Polygon } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

export type Place = [longitude: number, latitude: number];

export interface Country {
  /** Empty for ground that is no country's. */
  code: string;
  /** The middle of its largest part. */
  at: Place;
  /** Null for what is too small to have a shape. */
  shape: Feature<Polygon | MultiPolygon> | null;
}

interface World {
  topology: Topology<{ countries: GeometryCollection<{ at: Place }> }>;
  dots: { code: string; at: Place }[];
}

export async function loadWorld(): Promise<Country[]> {
  const answer = await fetch("static/world.json");
  const { topology, dots } = (await answer.json()) as World;
  const shapes = feature(topology, topology.objects.countries).features as Feature<
    Polygon | MultiPolygon,
    { at: Place }
  >[];
  return [
    ...shapes.map((shape) => ({ code: String(shape.id ?? ""), at: shape.properties.at, shape })),
    ...dots.map(({ code, at }) => ({ code, at, shape: null })),
  ];
}
