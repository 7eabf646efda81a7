/** Every sentence of the portal. To translate it, translate this file. */

export const T = {
  brand: "Vis-à-vis",
  skip: "Skip to content",
  nav: { label: "Main", start: "Start", conversations: "Conversations", keys: "API keys" },
  loading: "Loading…",
  retry: "Try again",
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  delete: "Delete",
  unreachable: "The server does not answer. Check that it is still running.",
  refused: (status: number) => `The server answered with status ${status}.`,
  notFound: "This page does not exist.",
  toStart: "Go to the start page",

  signIn: {
    title: "Sign in to your server",
    text: "When the server starts, it prints a sign-in link in its terminal. Open that link in this browser, and you are in.",
    where: "Look for a line like this:",
    again: "The link works in a browser on the machine that runs the server, for as long as the server runs.",
    check: "I have opened it",
  },

  banner: {
    title: "The server is not ready for calls yet.",
    generic: "Its engines are still starting, or one of them is missing. The server's log says more.",
  },

  start: {
    title: "Who would you like to talk to?",
    text: "Pick somebody and start a face-to-face conversation. It runs on this server, in your browser.",
    talkTo: (name: string) => `Start talking to ${name}`,
    start: "Start",
    starting: "Starting…",
    create: "Create a persona",
    createHint: "Give a face a name, a role and an opening line.",
    own: "Yours",
    conversationName: (name: string) => `Talk with ${name}`,
    empty: "There is nobody to talk to yet",
    emptyText: "The server lists no personas. Create the first one.",
    deleteLabel: (name: string) => `Delete ${name}`,
    deleteTitle: (name: string) => `Delete ${name}?`,
    deleteText: "The persona is removed for good. Conversations that were held with it stay.",
    fromCode: "The same from your own program",
    fromCodeText: "Every call here is one request. The answer holds conversation_url: open it, or put it in an iframe.",
    anyPersona: "Any persona",
    curlFor: "Request for",
  },

  create: {
    title: "Create a persona",
    name: "Name",
    namePlaceholder: "Mira",
    prompt: "Who they are and how they behave",
    promptPlaceholder: "You are Mira, a patient language teacher. Speak in short, friendly sentences…",
    greeting: "First words",
    greetingPlaceholder: "Hi, I am Mira. What shall we practise today?",
    greetingHint: "Spoken when somebody joins. Leave it empty to let the person begin.",
    face: "Face",
    noFaces: "The server has no faces yet.",
    submit: "Create",
    submitting: "Creating…",
    needName: "Give the persona a name.",
    needPrompt: "Say in a sentence or two who they are.",
  },

  conversations: {
    title: "Conversations",
    text: "Everything said on this server, newest first.",
    empty: "No conversations yet",
    emptyText: "Start one, and it appears here with its transcript.",
    startOne: "Start a conversation",
    join: "Join",
    end: "End",
    ending: "Ending…",
    details: "Details",
    active: "Active",
    ended: "Ended",
    more: "Show more",
    listLabel: "List of conversations",
  },

  conversation: {
    back: "All conversations",
    transcript: "Transcript",
    noTranscript: "Nothing has been said yet.",
    noTranscriptEnded: "Nothing was said in this conversation.",
    latency: "Response time",
    latencyText: "From the end of what the person said to the first sound of the answer.",
    turn: (n: number) => `Turn ${n}`,
    median: "Median",
    events: "Events",
    facts: "About",
    id: "Conversation",
    persona: "Persona",
    replica: "Replica",
    created: "Started",
    reason: "Ended because",
    roles: { user: "Person", assistant: "Replica", system: "System", tool: "Tool" } as Record<string, string>,
    /** In the order in which a turn reaches them. */
    hops: {
      silence_noticed: "Silence noticed",
      transcribed: "Words written down",
      judged: "Judged as finished",
      turn_decided: "Turn taken",
      first_clause: "First words thought",
      first_sound: "First sound made",
      first_frame: "First picture sent",
    } as Record<string, string>,
  },

  keys: {
    title: "API keys",
    text: "A key lets a program use this server as you. Send it in the x-api-key header.",
    create: "Create a key",
    name: "Name",
    namePlaceholder: "My laptop",
    ips: "Only from these addresses (optional)",
    ipsPlaceholder: "203.0.113.7, 10.0.0.0/8",
    ipsHint: "Addresses or networks, separated by commas. Empty: from anywhere.",
    needName: "Give the key a name, so that you recognise it later.",
    submit: "Create key",
    created: "Your new key",
    createdText: "Copy it now: it is shown only this once.",
    empty: "No keys yet",
    emptyText: "Create one to use the API from your own program.",
    revoke: "Revoke",
    revokeLabel: (name: string) => `Revoke ${name}`,
    revokeTitle: (name: string) => `Revoke ${name}?`,
    revokeText: "Programs that use this key are refused from now on.",
    revoked: "Revoked",
    lastUsed: "Last used",
    never: "never",
    since: "Created",
    restricted: (ips: string) => `only from ${ips}`,
  },
};

/** `shutdown_reason` in words; unknown ones are shown as they are. */
export function reasonText(reason: string): string {
  const known: [string, string][] = [
    ["max_call_duration", "it reached its time limit"],
    ["participant_left_timeout", "everybody had left"],
    ["participant_absent_timeout", "nobody joined in time"],
    ["end_conversation_endpoint_hit", "it was ended by request"],
    ["exception_encountered_during_conversation_startup", "the replica could not start"],
    ["server_restart", "the server was restarted"],
    ["internal error", "something went wrong on the server"],
  ];
  return known.find(([name]) => reason.includes(name))?.[1] ?? reason;
}

const WHEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export function when(value: string | null | undefined): string {
  const date = value ? new Date(value) : null;
  return date && !Number.isNaN(date.getTime()) ? WHEN.format(date) : "";
}
