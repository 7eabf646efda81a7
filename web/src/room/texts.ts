/** Every sentence of the room. To translate it, translate this file: nothing else in the room holds words. */

export const T = {
  brand: "Vis-à-vis",
  loading: "Reaching the server…",
  aboutToTalk: "You are about to talk with",
  unnamedReplica: "your host",
  readyHint: "You speak, they answer. Interrupt whenever you like.",
  join: "Join",
  joinByTyping: "Join and type",
  rejoin: "Rejoin",
  retry: "Try again",
  back: "Back",
  close: "Close",
  you: "You",

  microphone: "Microphone",
  camera: "Camera",
  speaker: "Speaker",
  systemDefault: "System default",
  device: (kind: string, n: number) => `${kind} ${n}`,
  allowMicrophone: "Allow microphone",
  microphoneHelp: "Your browser will ask for your microphone when you join. Nothing is recorded by this page.",
  microphoneLevel: "Microphone level",
  microphoneWorks: "We can hear you",
  saySomething: "Say something to test it",
  useCamera: "Use camera",
  cameraHelp: "Off until you switch it on; then your replica can see you.",
  yourCamera: "Your camera",

  stage: {
    reaching: "Reaching the server…",
    asking: "Asking to join…",
    media: "Opening the media path…",
    picture: "Waiting for the first picture…",
    sound: "Waiting for the first sound…",
  },
  slow: {
    reaching: "The server does not answer. Check that it is still running and that you are online.",
    asking: "The server takes longer than usual to let you in. It may be busy starting the replica.",
    media:
      "Your network may block UDP, which carries sound and picture. Try another network or switch off a VPN; the operator can add a TURN server.",
    picture: "The connection stands, but no picture has arrived yet. The replica may still be starting.",
    sound: "The connection stands, but no sound has arrived yet. The replica may still be starting.",
  },
  failed: {
    reaching: "The server cannot be reached. Check that it is running and that you are online.",
    asking: "The server did not answer the request to join.",
    media:
      "Sound and picture could not get through. Your network may block UDP: try another network or switch off a VPN. The operator can add a TURN server.",
    picture: "The connection stands, but no picture arrived.",
    sound: "The connection stands, but no sound arrived.",
  },
  reconnecting: "Reconnecting…",
  reconnectingHint: "The connection dropped. Your conversation is kept; hold on a moment.",

  state: { listening: "Listening", thinking: "Thinking…", speaking: "Speaking", idle: "Here" },

  mute: "Mute microphone",
  unmute: "Unmute microphone",
  noMicrophone: "Microphone is not available",
  cameraOn: "Turn camera on",
  cameraOff: "Turn camera off",
  captionsOn: "Show captions",
  captionsOff: "Hide captions",
  chatOpen: "Show chat",
  chatClose: "Hide chat",
  settingsOpen: "Devices",
  fullscreenOn: "Full screen",
  fullscreenOff: "Leave full screen",
  leave: "Leave",
  leaveLong: "Leave the conversation",
  stop: "Stop",
  stopLong: "Stop speaking (Escape)",
  tapToHear: "Tap to hear",
  controls: "Call controls",
  muted: "You are muted",

  chat: "Chat",
  chatEmpty: "What you both say appears here. You can also type.",
  messageLabel: "Message",
  messagePlaceholder: "Type instead of speaking…",
  send: "Send",
  interrupted: "interrupted",
  notSent: "Not sent: the connection is not open yet.",

  enginesTitle: "How this conversation runs",
  enginesOpen: "About this conversation",
  engineNames: { stt: "Listening", llm: "Thinking", tts: "Voice" } as Record<string, string>,

  switchedMicrophone: (label: string) => `Your microphone was unplugged. Now using ${label}.`,
  lostMicrophone: "Your microphone was unplugged. Plug it in again, or type instead.",
  lostCamera: "Your camera was unplugged.",

  ended: {
    title: "This conversation has ended",
    titleLeft: "You left the conversation",
    left: "You can come back while it is still open.",
    max_call_duration: "It reached its time limit.",
    participant_left_timeout: "It closed after everybody had left.",
    participant_absent_timeout: "It closed because nobody joined in time.",
    end_conversation_endpoint_hit: "It was ended by whoever started it.",
    exception_encountered_during_conversation_startup:
      "The replica could not start. The server's log says why; a new conversation may work.",
    server_restart: "The server was restarted while the conversation was running.",
    internal: "Something went wrong on the server. Its log says what; a new conversation may work.",
    other: (reason: string) => `Reason: ${reason}.`,
    unknown: "Thank you for talking.",
  },
  refused: {
    notFound: "There is no such conversation",
    notFoundHint: "The link may be incomplete, or the conversation was deleted.",
    full: "This conversation is full",
    title: "You could not join",
    failedTitle: "The call could not be opened",
  },

  microphoneTrouble: {
    title: "Your microphone is blocked",
    titleMissing: "No microphone was found",
    titleBusy: "Your microphone is in use",
    titleOther: "Your microphone did not start",
    cameraTitle: "Your camera is blocked",
    cameraTitleMissing: "No camera was found",
    cameraTitleBusy: "Your camera is in use",
    cameraTitleOther: "Your camera did not start",
    canType: "You can still join: you will see and hear the replica, and type what you want to say.",
    missing: "Plug one in or switch it on, then try again.",
    busy: "Another program is using it. Close that program, then try again.",
    other: (reason: string) => `The browser says: ${reason}`,
    insecure:
      "Browsers only give the microphone to pages opened over https:// or on this same computer (http://localhost). Ask the operator for the https address.",
    embedded:
      'The page that embeds this call does not pass the microphone on. Its iframe needs allow="camera; microphone; autoplay; fullscreen".',
    system: "If it is allowed here and still blocked, check the privacy settings of your operating system.",
    fix: {
      chrome: "Click the icon to the left of the address, allow the microphone, then try again.",
      chromeAndroid:
        "Tap the icon to the left of the address, then Permissions, and allow the microphone. Then try again.",
      edge: "Click the lock to the left of the address, allow the microphone, then try again.",
      safari: "In the menu bar choose Safari, Settings for This Website, and set Microphone to Allow. Then try again.",
      ios: "Tap the page-settings button in the address bar, then Website Settings, and set Microphone to Allow. If it stays blocked, open the Settings app, Apps, Safari, Microphone.",
      iosOther: "Open the Settings app, find your browser in the list of apps, and switch Microphone on. Then try again.",
      firefox: "Click the crossed-out microphone to the left of the address, clear the block, then try again.",
      firefoxAndroid: "Tap the lock in the address bar, allow the microphone, then try again.",
      generic: "Allow the microphone for this site in the settings of your browser, then try again.",
    },
    fixCamera: (text: string) => text.replaceAll("microphone", "camera").replaceAll("Microphone", "Camera"),
  },
};

/** The sentence for a `shutdown_reason`; consumers of the contract match by substring. */
export function endedSentence(reason: string | null | undefined): string {
  if (!reason) return T.ended.unknown;
  const known = [
    "max_call_duration",
    "participant_left_timeout",
    "participant_absent_timeout",
    "end_conversation_endpoint_hit",
    "exception_encountered_during_conversation_startup",
    "server_restart",
  ] as const;
  const match = known.find((name) => reason.includes(name));
  if (match) return T.ended[match];
  return reason.includes("internal error") ? T.ended.internal : T.ended.other(reason);
}
