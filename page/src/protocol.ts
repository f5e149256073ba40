// What comes over the WebSocket; docs/contracts.md says what it means.

export interface Tweet {
  id: string;
  texto: string;
  país: string;
  codigo: string;
  at: number;
}

/** Second since the epoch, tweets accepted in it, tweets processed in it. */
export type RateEntry = [second: number, accepted: number, processed: number];

export interface Message {
  type: "snapshot" | "delta";
  at: number;
  accepted: number;
  processed: number;
  countries?: Record<string, number>;
  recent?: Tweet[];
  rate?: RateEntry[];
}

/** A message, or null where the text is none: a page shows what it understands. */
export function parse(text: string): Message | null {
  try {
    const message = JSON.parse(text) as Message;
    return message.type === "snapshot" || message.type === "delta" ? message : null;
  } catch {
    return null;
  }
}
