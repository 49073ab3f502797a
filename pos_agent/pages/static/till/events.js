// The one event stream of the page. It comes back by itself with the number of the last row, so that nothing is missed.

const KINDS = [
  "scan_judged", "sale_opened", "line_added", "line_removed", "sale_cancelled", "document_intended", "document_made",
  "document_refused", "document_in_doubt", "document_handed_over", "document_absent", "shift_opened", "shift_closed",
  "printed", "agent_started",
];
const PAUSE_MS = 1000;

export function follow({ row, opened, lost }) {
  let last = null;
  let source = null;
  let timer = 0;
  const connect = () => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(last === null ? "/v1/events" : `/v1/events?after=${last}`);
    source.onopen = opened;
    source.onerror = () => {
      source.close();
      lost();
      timer = setTimeout(connect, PAUSE_MS);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        last = Number(event.lastEventId);
        row(kind, JSON.parse(event.data));
      });
    }
  };
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
}
