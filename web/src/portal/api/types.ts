export interface Persona {
  persona_id: string;
  persona_name: string;
  persona_type?: "user" | "system";
  pipeline_mode?: string;
  default_replica_id?: string | null;
  system_prompt?: string | null;
  persona_description?: string | null;
  greeting?: string | null;
}

export interface Replica {
  replica_id: string;
  replica_name: string;
  thumbnail_image_url?: string | null;
  status?: string;
}

export interface Conversation {
  conversation_id: string;
  conversation_name: string;
  conversation_url: string;
  status: "active" | "ended" | "error";
  persona_id?: string;
  replica_id?: string;
  created_at: string;
  updated_at?: string;
}

export interface TranscriptLine {
  role: string;
  content: string | null;
  seconds_from_start?: number;
  duration?: number | null;
}

export interface Turn {
  turn_idx: number;
  hops: Record<string, number>;
}

export interface ConversationEvent {
  event_type: string;
  timestamp?: string;
  properties?: { transcript?: TranscriptLine[] } & Record<string, unknown>;
}

export interface ConversationDetail extends Conversation {
  shutdown_reason?: string | null;
  transcript?: TranscriptLine[] | null;
  events?: ConversationEvent[];
  turns?: Turn[];
}

export interface ApiKey {
  key_id: string;
  name: string;
  hint?: string;
  allow_ips?: string[];
  created_at?: string;
  last_used_at?: string | null;
  revoked_at?: string | null;
  /** Only in the answer that created it. */
  key?: string;
}

export interface Listing<T> {
  data: T[];
  total_count?: number;
}
