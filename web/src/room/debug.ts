/**
 * `window.__visavis`: what the page knows of its call, for end-to-end tests and for a person with the developer tools.
 *
 * - `state`: the screen, or the stage of connecting ("prejoin", "asking", "media", "picture", "live", "reconnecting",
 *   "failed", "refused", "ended")
 * - `replica`: listening | thinking | speaking | idle
 * - `events`: the last 500 of { t, epoch, dir, … }; `t` is performance.now() in ms, `epoch` seconds since 1970,
 *   `dir` "in" or "out" for messages of the data channel and "page" for what the page itself did
 * - `pc`, `channel`: the present RTCPeerConnection and its data channel
 * - `video`: the element that plays sound and picture; `audio`: the replica's audio track
 * - `stats`: figures of the last second, see stats.ts
 * - `send(event_type, properties)`: send any message of the contract
 */
export interface DebugEvent {
  t: number;
  epoch: number;
  dir: "in" | "out" | "page";
  event_type: string;
  [field: string]: unknown;
}

export interface Debug {
  state: string;
  replica: string;
  events: DebugEvent[];
  pc: RTCPeerConnection | null;
  channel: RTCDataChannel | null;
  video: HTMLVideoElement | null;
  audio: MediaStreamTrack | null;
  stats: Record<string, unknown>;
  send: ((eventType: string, properties?: Record<string, unknown>) => boolean) | null;
}

declare global {
  interface Window {
    __visavis: Debug;
  }
}

const MAX_EVENTS = 500;

export const debug: Debug = {
  state: "loading",
  replica: "idle",
  events: [],
  pc: null,
  channel: null,
  video: null,
  audio: null,
  stats: {},
  send: null,
};
window.__visavis = debug;

export function note(dir: DebugEvent["dir"], eventType: string, fields: object = {}): void {
  const t = performance.now();
  debug.events.push({ ...fields, t, epoch: (performance.timeOrigin + t) / 1000, dir, event_type: eventType });
  if (debug.events.length > MAX_EVENTS) debug.events.splice(0, debug.events.length - MAX_EVENTS);
}
