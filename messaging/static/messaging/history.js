// The history API, as this page asks it.

export function queryOf(filter, more = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, ...more })) {
    if (value !== "" && value !== null && value !== undefined && value !== false) {
      query.set(name, value === true ? "true" : String(value));
    }
  }
  return query;
}

async function ask(path, signal) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, signal, credentials: "same-origin" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(body.message ?? `The server answered ${answer.status}.`);
    error.status = answer.status;
    throw error;
  }
  return body;
}

export function page(filter, more, signal) {
  return ask(`/api/messages?${queryOf(filter, more)}`, signal);
}

export function message(id, signal) {
  return ask(`/api/messages/${encodeURIComponent(id)}`, signal);
}

export function exportUrl(filter, format) {
  return `/api/messages/export?${queryOf(filter, { format })}`;
}

// The messages of one station as a scenario that plays them again; "" where there is no one station.
export function recordingUrl({ station, from, to }) {
  if (!station || station.includes(",")) return "";
  return `/api/stations/${encodeURIComponent(station)}/recording?${queryOf({ from, to })}`;
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Fetch the messages from id `first` to id `last` (both included) and hand them to `add`, which
// returns those that were new. The log comes some tenths of a second after the stream, so this
// asks again until `count` new ones came, or the patience ends. `last` may be a function, for what
// is not known yet; `count` null for not known. Returns how many were new.
export async function refill(filter, { first, last, count, most = 5000 }, add, signal) {
  let fresh = 0;
  const pauses = count === null ? [1000, 3000] : [400, 1000, 2500, 6000, 12000];
  for (const pause of pauses) {
    await sleep(pause);
    const until = typeof last === "function" ? last() : last;
    let cursor = null;
    let seen = 0;
    do {
      const got = await page(filter, { first_id: first, last_id: until, limit: 500, cursor }, signal);
      if (signal?.aborted) return fresh;
      fresh += add(got.items).length;
      seen += got.items.length;
      cursor = got.next;
    } while (cursor && seen < most);
    if ((count !== null && fresh >= count) || seen >= most) break;
  }
  return fresh;
}
