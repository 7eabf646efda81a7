import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { samePlace } from "../api/client";
import { conversationQuery, useEndConversation } from "../api/queries";
import type { ConversationDetail, TranscriptLine } from "../api/types";
import { reasonText, T, when } from "../texts";
import { Icon } from "../ui/icon";
import { Latency } from "../ui/latency";
import { Loaded, Problem } from "../ui/states";
import { Status } from "./conversations";

export function ConversationPage({ id }: { id: string }) {
  const conversation = useQuery(conversationQuery(id));
  return (
    <>
      <Link to="/conversations" className="back">
        <Icon name="back" />
        {T.conversation.back}
      </Link>
      <Loaded query={conversation}>{(data) => <Detail conversation={data} />}</Loaded>
    </>
  );
}

function Detail({ conversation }: { conversation: ConversationDetail }) {
  const end = useEndConversation();
  const active = conversation.status === "active";
  const lines = transcriptOf(conversation);
  return (
    <>
      <header className="page-head with-actions">
        <div>
          <h1>{conversation.conversation_name || conversation.conversation_id}</h1>
          <Status active={active} />
        </div>
        {active && (
          <div className="row-actions">
            <a className="button primary" href={samePlace(conversation.conversation_url, "/c/")}>
              {T.conversations.join}
            </a>
            <button
              type="button"
              className="button"
              disabled={end.isPending}
              onClick={() => end.mutate(conversation.conversation_id)}
            >
              {end.isPending ? T.conversations.ending : T.conversations.end}
            </button>
          </div>
        )}
      </header>
      {end.error && <Problem error={end.error} />}
      <div className="detail">
        <section className="card">
          <h2>{T.conversation.transcript}</h2>
          {lines.length === 0 ? (
            <p className="hint">{active ? T.conversation.noTranscript : T.conversation.noTranscriptEnded}</p>
          ) : (
            <ol className="transcript">
              {lines.map((line, index) => (
                <Line key={index} line={line} />
              ))}
            </ol>
          )}
        </section>
        <div className="side">
          <Facts conversation={conversation} />
          {conversation.turns && conversation.turns.length > 0 && <Latency turns={conversation.turns} />}
          {conversation.events && conversation.events.length > 0 && (
            <details className="card">
              <summary>{T.conversation.events}</summary>
              <ul className="events">
                {conversation.events.map((event, index) => (
                  <li key={index}>
                    <code>{event.event_type}</code>
                    <span>{when(event.timestamp)}</span>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
      </div>
    </>
  );
}

function Line({ line }: { line: TranscriptLine }) {
  return (
    <li className={`said ${line.role}`}>
      <span className="who">
        {T.conversation.roles[line.role] ?? line.role}
        {line.seconds_from_start !== undefined && <time>{clock(line.seconds_from_start)}</time>}
      </span>
      <p>{line.content}</p>
    </li>
  );
}

function Facts({ conversation }: { conversation: ConversationDetail }) {
  const rows: [string, string | null | undefined][] = [
    [T.conversation.id, conversation.conversation_id],
    [T.conversation.persona, conversation.persona_id],
    [T.conversation.replica, conversation.replica_id],
    [T.conversation.created, when(conversation.created_at)],
    [T.conversation.reason, conversation.shutdown_reason && reasonText(conversation.shutdown_reason)],
  ];
  return (
    <section className="card">
      <h2>{T.conversation.facts}</h2>
      <dl className="facts">
        {rows.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}

/** The live transcript where the server gives one, else the one in its final event. */
function transcriptOf(conversation: ConversationDetail): TranscriptLine[] {
  const ready = conversation.events?.find((event) => event.event_type === "application.transcription_ready");
  const lines = conversation.transcript ?? ready?.properties?.transcript ?? [];
  return lines.filter((line) => line.role !== "system" && line.content);
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
