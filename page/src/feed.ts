// The connection to /live: it comes back by itself, and knows when it is dead.

import { parse, type Message } from "./protocol";

export type Status = { kind: "connecting" } | { kind: "live" } | { kind: "waiting"; seconds: number };

const FIRST_WAIT_SECONDS = 0.5;
const LONGEST_WAIT_SECONDS = 10;
/** The writer speaks at least once a second; a connection that is silent for this long is dead. */
const SILENCE_SECONDS = 6;
const CONNECT_SECONDS = 15;

export class Feed {
  #socket: WebSocket | null = null;
  #wait = FIRST_WAIT_SECONDS;
  #timer = 0;
  #silence = 0;

  constructor(
    private readonly url: string,
    private readonly onMessage: (message: Message) => void,
    private readonly onStatus: (status: Status) => void,
  ) {
    // A laptop that wakes up, or a phone that finds its network again, does not wait.
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  connect(): void {
    this.onStatus({ kind: "connecting" });
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? parse(data) : null;
      if (!message) return;
      this.#listen();
      if (message.type === "snapshot") {
        this.#wait = FIRST_WAIT_SECONDS;
        this.onStatus({ kind: "live" });
      }
      this.onMessage(message);
    };
    socket.onclose = () => this.#lose(socket);
    this.#listen(CONNECT_SECONDS);
  }

  #listen(seconds = SILENCE_SECONDS): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = window.setTimeout(() => {
      // A dead network never answers the closing handshake: it is given up without waiting.
      if (socket) this.#lose(socket);
    }, seconds * 1000);
  }

  #lose(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    socket.close();
    clearTimeout(this.#silence);
    // Half of the wait is chance, so that a thousand pages do not come back in the same moment.
    const seconds = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(LONGEST_WAIT_SECONDS, this.#wait * 2);
    this.onStatus({ kind: "waiting", seconds });
    this.#timer = window.setTimeout(() => this.connect(), seconds * 1000);
  }

  #retryNow(): void {
    if (this.#socket) return;
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT_SECONDS;
    this.connect();
  }
}
