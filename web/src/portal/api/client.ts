import { T } from "../texts";

/** The server refused; `message` is its sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 30_000;

/** A request of the signed-in person. Raises `ApiError`, also when nothing answers (status 0). */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  // The session cookie counts only beside this header, which no foreign page can send.
  const headers: Record<string, string> = { "x-visavis-portal": "1", accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, T.unreachable);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const said = answer as { error?: unknown; message?: unknown } | null;
  const text = said?.error ?? said?.message;
  throw new ApiError(response.status, typeof text === "string" ? text : T.refused(response.status));
}

/**
 * A link of this server as a path, so that the person stays on the host name they came by (and its cookie and
 * microphone permission hold) even when the server calls itself by another.
 */
export function samePlace(url: string, prefix: string): string {
  const parsed = new URL(url, location.origin);
  return parsed.pathname.startsWith(prefix) ? parsed.pathname + parsed.search : url;
}
