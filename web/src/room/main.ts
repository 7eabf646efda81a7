import "../shared/tokens.css";
import "./room.css";
import { RefusedError, RoomApi, type RoomInfo } from "./api";
import { Call, type Phase } from "./call";
import { CallView } from "./callview";
import { debug } from "./debug";
import { LocalMedia } from "./devices";
import { Frame, messageCard, type MessageScreen } from "./frame";
import { participantId } from "./participant";
import { Prejoin } from "./prejoin";
import { endedSentence, T } from "./texts";

const SLOW_MS = 3_500;

class Room {
  private readonly query = new URLSearchParams(location.search);
  private readonly id = decodeURIComponent(location.pathname.replace(/\/+$/, "").split("/").pop() ?? "");
  private readonly api = new RoomApi(this.id, this.query.get("t"));
  private readonly media = new LocalMedia();
  private readonly frame: Frame;
  private info: RoomInfo | null = null;
  private call: Call | null = null;
  private view: CallView | null = null;

  constructor(root: HTMLElement) {
    this.frame = new Frame(root);
    window.addEventListener("pagehide", () => this.call?.leave("pagehide"));
    // Back from the browser's page cache the connection is gone; a reload resumes the call.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }

  async load(): Promise<void> {
    this.message("loading", { title: T.loading, text: "", actions: [], busy: true });
    const slow = setTimeout(() => {
      const again = { label: T.retry, act: () => location.reload() };
      this.message("loading", { title: T.loading, text: T.slow.reaching, actions: [again], busy: true });
    }, SLOW_MS);
    try {
      this.info = await this.api.info();
    } catch (error) {
      return this.refuse(error);
    } finally {
      clearTimeout(slow);
    }
    const name = this.info.persona_name || this.info.replica_name;
    document.title = name ? `${name} · ${T.brand}` : T.brand;
    this.frame.setPoster(this.info.poster_url);
    if (this.info.status === "ended") this.ended(this.info.shutdown_reason);
    else if (this.query.get("autojoin") === "1") await this.autojoin();
    else await this.prejoin(this.info);
  }

  private async prejoin(info: RoomInfo): Promise<void> {
    const screen = new Prejoin(info, this.media, () => {
      screen.end();
      this.join(info);
    });
    debug.state = "prejoin";
    this.frame.show("prejoin", screen.element);
    await screen.begin();
  }

  private async autojoin(): Promise<void> {
    await this.media.open("audio"); // Without one the call is a typed one.
    if (this.info) this.join(this.info);
  }

  private join(info: RoomInfo): void {
    this.drop();
    const view = new CallView(info, this.media, {
      send: (type, properties) => this.call?.send(type, properties) ?? false,
      leave: () => this.call?.leave("left"),
      retry: () => this.join(info),
      play: () => this.call?.play(),
      level: () => this.call?.level() ?? 0,
    });
    const call = new Call({
      api: this.api,
      participantId: participantId(this.id),
      iceServers: info.ice_servers,
      audioOnly: info.audio_only,
      video: view.video,
      tracks: () => this.media.tracks,
      onPhase: (phase) => this.onPhase(phase, view),
      onMessage: (message) => view.receive(message),
      onBlockedSound: () => view.soundBlocked(),
    });
    this.view = view;
    this.call = call;
    this.media.onChange = () => {
      view.updateMedia();
      void call.sendTrack("audio", this.media.tracks.audio);
      void call.sendTrack("video", this.media.tracks.video);
    };
    this.media.onLost = (kind, replacement) => {
      if (kind === "video") view.toast(T.lostCamera);
      else view.toast(replacement === null ? T.lostMicrophone : T.switchedMicrophone(replacement));
    };
    this.frame.show("call", view.element);
    void call.start();
  }

  private onPhase(phase: Phase, view: CallView): void {
    if (view !== this.view) return;
    switch (phase.name) {
      case "failed":
        return this.failed(phase.said ?? T.failed[this.stageKey(phase.stage)]);
      case "refused":
        return this.refuse(new RefusedError(phase.status, phase.said));
      case "ended":
        this.media.close("audio");
        this.media.close("video");
        if (!phase.reason && !phase.said) return this.left();
        return this.ended(phase.reason, phase.said);
      default:
        view.setPhase(phase);
    }
  }

  private stageKey(stage: "reaching" | "asking" | "media" | "picture"): keyof typeof T.failed {
    return stage === "picture" && this.info?.audio_only ? "sound" : stage;
  }

  private failed(text: string): void {
    const retry = (): void => {
      if (this.info) this.join(this.info);
      else void this.load();
    };
    const title = T.refused.failedTitle;
    this.message("failed", { title, text, actions: [{ label: T.retry, act: retry, primary: true }, ...this.back()] });
  }

  private refuse(error: unknown): void {
    if (!(error instanceof RefusedError)) return this.failed(T.failed.reaching);
    if (error.status === 410) return this.ended("", error.message);
    if (error.status === 404) {
      const text = `${sentence(error.message)} ${T.refused.notFoundHint}`;
      return this.message("refused", { title: T.refused.notFound, text, actions: this.back() });
    }
    const title = error.status === 409 ? T.refused.full : T.refused.title;
    const retry = { label: T.retry, act: () => location.reload(), primary: true };
    this.message("refused", { title, text: sentence(error.message), actions: [retry, ...this.back()] });
  }

  private left(): void {
    const rejoin = { label: T.rejoin, act: () => location.reload(), primary: true };
    this.message("ended", { title: T.ended.titleLeft, text: T.ended.left, actions: [rejoin, ...this.back()] });
  }

  private ended(reason: string | null, said?: string): void {
    const text = said ? sentence(said) : endedSentence(reason);
    this.message("ended", { title: T.ended.title, text, actions: this.back(true) });
  }

  private message(screen: string, card: MessageScreen): void {
    if (screen !== "loading") this.drop();
    debug.state = screen;
    this.frame.show(screen, messageCard(card));
  }

  /** The way out; inside somebody else's page that page has its own. */
  private back(primary = false): MessageScreen["actions"] {
    if (window.parent !== window) return [];
    const act = (): void => {
      const here = document.referrer.startsWith(`${location.origin}/`) && history.length > 1;
      if (here) history.back();
      else location.assign("/");
    };
    return [{ label: T.back, act, primary }];
  }

  private drop(): void {
    this.call?.dispose();
    this.view?.dispose();
    this.call = null;
    this.view = null;
    this.media.onChange = () => undefined;
    this.media.onLost = () => undefined;
  }
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

const root = document.getElementById("room");
if (root) void new Room(root).load();
