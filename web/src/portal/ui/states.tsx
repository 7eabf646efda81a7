import type { ReactNode } from "react";
import { T } from "../texts";
import { Icon, type IconName } from "./icon";

export function Loading() {
  return (
    <div className="state" role="status">
      <span className="spinner" aria-hidden="true" />
      {T.loading}
    </div>
  );
}

export function Problem({ error, retry }: { error: Error; retry?: (() => void) | undefined }) {
  return (
    <div className="problem" role="alert">
      <Icon name="warn" />
      <p>{error.message}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {T.retry}
        </button>
      )}
    </div>
  );
}

export function Empty(props: { icon: IconName; title: string; text: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={props.icon} />
      </span>
      <h2>{props.title}</h2>
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
}

/** What a page shows of a query: waiting, the failure with a way to try again, or its data. */
export function Loaded<T>({ query, children }: { query: QueryLike<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}
