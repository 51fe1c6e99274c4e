// JSON with the line of each value: {value, lines: Map of "/a/0/b" to its line}, or {error, line}.

export function parsed(text) {
  const lines = new Map();
  let at = 0;
  const lineAt = (place) => text.slice(0, place).split("\n").length;
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
    lines.set(path, lineAt(at));
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
      made[name] = value(`${path}/${name}`);
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
    return { value: found, lines };
  } catch (error) {
    if (error.place === undefined) throw error;
    return { error: error.message, line: lineAt(error.place) };
  }
}
