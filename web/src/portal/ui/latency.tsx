import type { Turn } from "../api/types";
import { T } from "../texts";

/** The waterfall of each turn: when every hop was reached after the person stopped speaking. */
export function Latency({ turns }: { turns: Turn[] }) {
  const rows = turns
    .map((turn) => ({ turn, hops: Object.entries(turn.hops).sort((a, b) => a[1] - b[1]) }))
    .filter((row) => row.hops.length > 0);
  const names = [...new Set(rows.flatMap((row) => row.hops.map(([name]) => name)))];
  const totals = rows.map((row) => row.hops.at(-1)?.[1] ?? 0);
  const longest = Math.max(0.001, ...totals);
  return (
    <section className="card">
      <h2>{T.conversation.latency}</h2>
      <p className="hint">{T.conversation.latencyText}</p>
      <p className="figure">
        {T.conversation.median} <strong>{inMilliseconds(median(totals))}</strong>
      </p>
      <ol className="waterfall">
        {rows.map(({ turn, hops }) => (
          <li key={turn.turn_idx}>
            <span className="turn-name">{T.conversation.turn(turn.turn_idx)}</span>
            <span className="track" aria-hidden="true">
              {hops.map(([name, at], index) => {
                const from = Math.max(0, hops[index - 1]?.[1] ?? 0);
                const share = (100 * Math.max(0, at - from)) / longest;
                return <i key={name} className={hopClass(name)} style={{ width: `${share}%` }} title={hopName(name)} />;
              })}
            </span>
            <span className="total">{inMilliseconds(hops.at(-1)?.[1] ?? 0)}</span>
            <span className="visually-hidden">
              {hops.map(([name, at]) => `${hopName(name)} ${inMilliseconds(at)}`).join(", ")}
            </span>
          </li>
        ))}
      </ol>
      <ul className="legend">
        {names.map((name) => (
          <li key={name}>
            <i className={hopClass(name)} aria-hidden="true" />
            {hopName(name)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

const ORDER = Object.keys(T.conversation.hops);

function hopClass(name: string): string {
  const known = ORDER.indexOf(name);
  return `hop h${known < 0 ? ORDER.length : known}`;
}

const hopName = (name: string): string => T.conversation.hops[name] ?? name.replaceAll("_", " ");
const inMilliseconds = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;
