/** The four requests the room makes; `?t=` of the page's address goes along with each. */

export interface RoomInfo {
  conversation_id: string;
  conversation_name: string;
  status: "active" | "ended";
  shutdown_reason: string | null;
  persona_name: string;
  replica_name: string;
  audio_only: boolean;
  closed_captions: boolean;
  poster_url: string | null;
  ice_servers: RTCIceServer[];
  language: string;
}

/** The server said no; `message` is its sentence. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Nothing answered, or not in time. */
export class UnreachableError extends Error {}

export class RoomApi {
  constructor(
    readonly conversationId: string,
    private readonly token: string | null,
  ) {}

  info(): Promise<RoomInfo> {
    return this.request<RoomInfo>("info", undefined, 10_000);
  }

  connect(offer: string, participantId: string): Promise<{ sdp: string; type: "answer" }> {
    const body = { sdp: offer, type: "offer", participant_id: participantId, name: "", client: "room" };
    return this.request("connect", body, 12_000);
  }

  /** Works while the page is going away. `reason` tells a closed or reloaded page from a pressed button. */
  leave(participantId: string, reason: "left" | "pagehide"): void {
    const body = JSON.stringify({ participant_id: participantId, reason });
    navigator.sendBeacon(this.url("leave"), new Blob([body], { type: "application/json" }));
  }

  private url(action: string): string {
    const query = this.token ? `?t=${encodeURIComponent(this.token)}` : "";
    return `/c/${encodeURIComponent(this.conversationId)}/${action}${query}`;
  }

  private async request<T>(action: string, body: unknown, timeout: number): Promise<T> {
    const init: RequestInit = { signal: AbortSignal.timeout(timeout), cache: "no-store" };
    if (body !== undefined) {
      init.method = "POST";
      init.headers = { "content-type": "application/json" };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await fetch(this.url(action), init);
    } catch (error) {
      throw new UnreachableError(String(error));
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer as T;
    const said = answer as { error?: unknown; message?: unknown } | null;
    throw new RefusedError(response.status, String(said?.error ?? said?.message ?? `HTTP ${response.status}`));
  }
}
