/** The messages of the data channel (see the realtime contract), and the transcript that grows out of them. */

export type Role = "user" | "replica";
export type ReplicaState = "listening" | "thinking" | "speaking" | "idle";

export interface Message {
  message_type: string;
  event_type: string;
  conversation_id?: string;
  timestamp?: number;
  seq?: number;
  turn_idx?: number;
  inference_id?: string;
  properties?: Record<string, unknown>;
}

export function parseMessage(data: unknown, conversationId: string): Message | null {
  if (typeof data !== "string") return null;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null) return null;
  const { event_type: type, conversation_id: id } = message as Partial<Message>;
  if (typeof type !== "string" || (id !== undefined && id !== conversationId)) return null;
  return message as Message;
}

/** `pal` is the newer name of the replica's side. */
export function roleOf(message: Message): Role | null {
  const role = message.properties?.["role"];
  if (role === "user") return "user";
  return role === "replica" || role === "pal" ? "replica" : null;
}

/** What the replica is doing, or null where the message does not say. */
export function stateOf(message: Message): ReplicaState | null {
  switch (message.event_type) {
    case "room.state":
      return (message.properties?.["state"] as ReplicaState | undefined) ?? null;
    case "conversation.replica.started_speaking":
      return "speaking";
    case "conversation.replica.stopped_speaking":
    case "conversation.user.started_speaking":
      return "listening";
    case "conversation.user.stopped_speaking":
      return "thinking";
    default:
      return null;
  }
}

export interface Line {
  key: number;
  role: Role;
  text: string;
  final: boolean;
  interrupted: boolean;
  inferenceId: string | undefined;
  /** Typed here, not yet confirmed by the server's own utterance. */
  pending: boolean;
  /** Streaming text is what was really said; the utterance may hold more. */
  streamed: boolean;
}

const MAX_LINES = 500;

/** Lines of the conversation. Streaming text grows a line; the finished utterance closes it. */
export class Transcript {
  readonly lines: Line[] = [];
  private nextKey = 0;

  constructor(private readonly onChange: (line: Line) => void) {}

  typed(text: string): void {
    this.changed(this.add("user", { text, final: true, pending: true }));
  }

  receive(message: Message): void {
    const role = roleOf(message);
    if (message.event_type === "conversation.utterance.streaming" && role) this.streaming(role, message);
    else if (message.event_type === "conversation.utterance" && role) this.utterance(role, message);
    else if (message.event_type === "conversation.replica.stopped_speaking") this.replicaStopped(message);
  }

  private streaming(role: Role, message: Message): void {
    const p = message.properties ?? {};
    const text = String(p["speech"] ?? "");
    let line = this.open(role, message.inference_id);
    if (!line) {
      if (!text) return;
      line = this.add(role, { inferenceId: message.inference_id });
    }
    line.text = text || line.text;
    line.streamed = true;
    line.final = p["final"] === true;
    line.interrupted ||= p["is_interrupted"] === true;
    this.changed(line);
  }

  private utterance(role: Role, message: Message): void {
    const text = String(message.properties?.["speech"] ?? "");
    const pending = this.lines.findLast((line) => line.pending && line.text.trim() === text.trim());
    const line = (role === "user" && pending) || this.same(role, message.inference_id) || this.open(role);
    const target = line ?? (text ? this.add(role, { inferenceId: message.inference_id }) : null);
    if (!target) return;
    target.pending = false;
    if (role === "user") {
      target.text = text || target.text;
      target.final = true;
    } else if (!target.streamed) {
      target.text = text;
      target.final = true;
    }
    target.interrupted ||= role === "replica" && message.properties?.["interrupted"] === true;
    this.changed(target);
  }

  private replicaStopped(message: Message): void {
    const line = this.open("replica");
    if (!line) return;
    line.final = true;
    line.interrupted ||= message.properties?.["interrupted"] === true;
    this.changed(line);
  }

  private same(role: Role, inferenceId: string | undefined): Line | undefined {
    return inferenceId === undefined
      ? undefined
      : this.lines.findLast((line) => line.role === role && line.inferenceId === inferenceId);
  }

  /** The line of this role that still grows. A replica's line belongs to one inference. */
  private open(role: Role, inferenceId?: string): Line | undefined {
    const last = this.lines.findLast((line) => line.role === role);
    if (role === "replica" && inferenceId !== undefined) {
      const own = this.same(role, inferenceId);
      if (own) return own;
      if (last?.inferenceId !== undefined) return undefined;
    }
    return last && !last.final ? last : undefined;
  }

  private add(role: Role, fields: Partial<Line>): Line {
    const line: Line = {
      key: this.nextKey++,
      role,
      text: "",
      final: false,
      interrupted: false,
      inferenceId: undefined,
      pending: false,
      streamed: false,
      ...fields,
    };
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    return line;
  }

  private changed(line: Line): void {
    this.onChange(line);
  }
}
