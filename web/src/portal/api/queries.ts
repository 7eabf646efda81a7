import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, request } from "./client";
import type { ApiKey, Conversation, ConversationDetail, Listing, Persona, Replica } from "./types";

const ACTIVE_REFRESH_MS = 5_000;
const HEALTH_REFRESH_MS = 15_000;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => request<{ signed_in: boolean }>("GET", "/portal/session"),
});

export interface Health {
  ready: boolean;
  reasons: string[];
}

/** Ready unless the server says otherwise: an error status, or a body whose `status` or `ready` says so. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: async (): Promise<Health> => {
    const response = await fetch("/healthz", { cache: "no-store" });
    const body = ((await response.json().catch(() => null)) ?? {}) as Record<string, unknown>;
    const status = String(body["status"] ?? "ok").toLowerCase();
    const ready = response.ok && body["ready"] !== false && ["ok", "ready", "healthy", "pass"].includes(status);
    const said = body["reasons"] ?? body["problems"] ?? body["notes"];
    const reasons = Array.isArray(said) ? said.filter((item): item is string => typeof item === "string") : [];
    return { ready, reasons };
  },
  refetchInterval: HEALTH_REFRESH_MS,
});

export const personasQuery = queryOptions({
  queryKey: ["personas"],
  queryFn: async () => (await request<Listing<Persona>>("GET", "/v2/personas?limit=100")).data,
});

export const replicasQuery = queryOptions({
  queryKey: ["replicas"],
  queryFn: async () => (await request<Listing<Replica>>("GET", "/v2/replicas?limit=100")).data,
});

export function conversationsQuery(limit: number) {
  return queryOptions({
    queryKey: ["conversations", limit],
    queryFn: () => request<Listing<Conversation>>("GET", `/v2/conversations?limit=${limit}`),
    refetchInterval: (query) =>
      query.state.data?.data.some((item) => item.status === "active") ? ACTIVE_REFRESH_MS : false,
    placeholderData: (previous: Listing<Conversation> | undefined) => previous,
  });
}

export function conversationQuery(id: string) {
  return queryOptions({
    queryKey: ["conversation", id],
    queryFn: () =>
      request<ConversationDetail>("GET", `/v2/conversations/${encodeURIComponent(id)}?verbose=true`),
    refetchInterval: (query) => (query.state.data?.status === "active" ? ACTIVE_REFRESH_MS : false),
  });
}

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async () => (await request<Listing<ApiKey>>("GET", "/portal/keys")).data,
});

/** A change on the server, after which everything under `stale` is asked for again. */
function useChange<In, Out>(stale: string[], act: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation<Out, ApiError, In>({
    mutationFn: act,
    onSuccess: () => Promise.all(stale.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
}

export interface NewConversation {
  persona_id: string;
  conversation_name: string;
  properties: { participant_left_timeout: number };
}

export interface NewPersona {
  persona_name: string;
  system_prompt: string;
  greeting?: string;
  default_replica_id?: string;
}

export const useCreatePersona = () =>
  useChange(["personas"], (persona: NewPersona) => request<Persona>("POST", "/v2/personas", persona));

export const useDeletePersona = () =>
  useChange(["personas"], (id: string) => request("DELETE", `/v2/personas/${encodeURIComponent(id)}`));

export const useStartConversation = () =>
  useChange(["conversations"], (input: NewConversation) =>
    request<Conversation>("POST", "/v2/conversations", input),
  );

export const useEndConversation = () =>
  useChange(["conversations", "conversation"], (id: string) =>
    request("POST", `/v2/conversations/${encodeURIComponent(id)}/end`),
  );

export const useCreateKey = () =>
  useChange(["keys"], (input: { name: string; allow_ips?: string[] }) =>
    request<ApiKey>("POST", "/portal/keys", input),
  );

export const useRevokeKey = () =>
  useChange(["keys"], (id: string) => request("DELETE", `/portal/keys/${encodeURIComponent(id)}`));
