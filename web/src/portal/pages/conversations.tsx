import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { samePlace } from "../api/client";
import { conversationsQuery, personasQuery, useEndConversation } from "../api/queries";
import type { Conversation } from "../api/types";
import { T, when } from "../texts";
import { Empty, Loaded, Problem } from "../ui/states";

const PAGE = 25;

export function ConversationsPage() {
  const [limit, setLimit] = useState(PAGE);
  const conversations = useQuery(conversationsQuery(limit));
  const personas = useQuery(personasQuery);
  const end = useEndConversation();
  const names = new Map(personas.data?.map((persona) => [persona.persona_id, persona.persona_name]));
  return (
    <>
      <header className="page-head">
        <h1>{T.conversations.title}</h1>
        <p>{T.conversations.text}</p>
      </header>
      {end.error && <Problem error={end.error} />}
      <Loaded query={conversations}>
        {(list) =>
          list.data.length === 0 ? (
            <Empty icon="chat" title={T.conversations.empty} text={T.conversations.emptyText}>
              <Link to="/" className="button primary">
                {T.conversations.startOne}
              </Link>
            </Empty>
          ) : (
            <>
              <ul className="rows" aria-label={T.conversations.listLabel}>
                {list.data.map((conversation) => (
                  <Row
                    key={conversation.conversation_id}
                    conversation={conversation}
                    personaName={names.get(conversation.persona_id ?? "")}
                    ending={end.isPending && end.variables === conversation.conversation_id}
                    onEnd={() => end.mutate(conversation.conversation_id)}
                  />
                ))}
              </ul>
              {(list.total_count ?? 0) > list.data.length && (
                <button type="button" className="button more" onClick={() => setLimit(limit + PAGE)}>
                  {T.conversations.more}
                </button>
              )}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Row(props: {
  conversation: Conversation;
  personaName: string | undefined;
  ending: boolean;
  onEnd: () => void;
}) {
  const { conversation } = props;
  const active = conversation.status === "active";
  return (
    <li className="row">
      <div className="row-text">
        <Link
          to="/conversations/$conversationId"
          params={{ conversationId: conversation.conversation_id }}
          className="row-title"
        >
          {conversation.conversation_name || conversation.conversation_id}
        </Link>
        <p>{[props.personaName, when(conversation.created_at)].filter(Boolean).join(" · ")}</p>
      </div>
      <Status active={active} />
      {active && (
        <div className="row-actions">
          <a className="button primary small" href={samePlace(conversation.conversation_url, "/c/")}>
            {T.conversations.join}
          </a>
          <button type="button" className="button small" disabled={props.ending} onClick={props.onEnd}>
            {props.ending ? T.conversations.ending : T.conversations.end}
          </button>
        </div>
      )}
    </li>
  );
}

export function Status({ active }: { active: boolean }) {
  return (
    <span className={active ? "status active" : "status"}>{active ? T.conversations.active : T.conversations.ended}</span>
  );
}
