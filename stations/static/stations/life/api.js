// The API of one station, with the session's CSRF token.

export class Api {
  constructor(base, token) {
    Object.assign(this, { base, token });
  }

  // {ok, told, why}: the JSON of the answer, and a sentence where it was refused.
  async ask(method, path, body) {
    try {
      const answer = await fetch(`${this.base}/${path}`, {
        method,
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": this.token },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const told = answer.status === 204 ? null : await answer.json();
      const why = answer.ok ? "" : (told.fields ? Object.values(told.fields).join(" ") : told.message);
      return { ok: answer.ok, told, why };
    } catch {
      return { ok: false, told: null, why: "The server cannot be reached." };
    }
  }
}
