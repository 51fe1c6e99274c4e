// JSON with the place of each value: {value, lines: Map of "/a/0/b" to its line, spans: Map of the
// same to [from, to] in the text}, or {error, line, at}. In a path "/" and "~" of a name are as
// JSON pointers have them (RFC 6901).

export const part = (name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");

export function parsed(text) {
  const lines = new Map();
  const spans = new Map();
  let at = 0;
  let line = 1; // at `counted`; the text is walked forwards, so that its lines are counted once
  let counted = 0;
  const lineAt = (place) => {
    if (place < counted) return text.slice(0, place).split("\n").length;
    for (; counted < place; counted += 1) if (text[counted] === "\n") line += 1;
    return line;
  };
  const skip = () => { while (/\s/.test(text[at] ?? "")) at += 1; };
  const fail = (words) => { throw Object.assign(new Error(words), { place: at }); };

  function token(pattern, words) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) fail(words);
    at += match[0].length;
    return match[0];
  }

  function value(path) {
    skip();
    const begun = at;
    lines.set(path, lineAt(at));
    const found = read(path);
    spans.set(path, [begun, at]);
    return found;
  }

  function read(path) {
    const sign = text[at];
    if (sign === "{") return object(path);
    if (sign === "[") return list(path);
    if (sign === '"') return text_();
    const word = token(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)/y, "a value is wanted here");
    return JSON.parse(word);
  }

  function text_() {
    const begun = at;
    const word = token(/"(?:[^"\\\n]|\\.)*"/y, "a text does not end");
    try {
      return JSON.parse(word);
    } catch {
      at = begun;
      return fail("a text is not as JSON has it");
    }
  }

  function object(path) {
    const made = {};
    at += 1;
    skip();
    if (text[at] === "}") { at += 1; return made; }
    for (;;) {
      skip();
      if (text[at] !== '"') fail("the name of a field is wanted here, in quotes");
      const name = text_();
      skip();
      if (text[at] !== ":") fail('":" is wanted here');
      at += 1;
      const found = value(`${path}/${part(name)}`);
      Object.defineProperty(made, name, { value: found, enumerable: true, configurable: true, writable: true }); // also "__proto__"
      skip();
      if (text[at] === "}") { at += 1; return made; }
      if (text[at] !== ",") fail('"," or "}" is wanted here');
      at += 1;
    }
  }

  function list(path) {
    const made = [];
    at += 1;
    skip();
    if (text[at] === "]") { at += 1; return made; }
    for (;;) {
      made.push(value(`${path}/${made.length}`));
      skip();
      if (text[at] === "]") { at += 1; return made; }
      if (text[at] !== ",") fail('"," or "]" is wanted here');
      at += 1;
    }
  }

  try {
    const found = value("");
    skip();
    if (at < text.length) fail("nothing more is wanted here");
    return { value: found, lines, spans };
  } catch (error) {
    if (error.place === undefined) throw error;
    return { error: error.message, line: lineAt(error.place), at: error.place };
  }
}
