// A field for JSON: highlighting, folding, brackets, search (Ctrl-F), and faults at their lines
// (F8 goes to the next). Tab indents; Esc and then Tab leaves. Colours are in json.css.

import {
  EditorState, EditorView, HighlightStyle, autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, codeFolding,
  completionKeymap, defaultKeymap, drawSelection, foldAll, foldGutter, foldKeymap, highlightActiveLine,
  highlightActiveLineGutter, highlightSelectionMatches, highlightSpecialChars, history, historyKeymap, indentLess, indentMore,
  indentOnInput, indentUnit, json, keymap, lineNumbers, lintGutter, lintKeymap, searchKeymap, setDiagnostics,
  syntaxHighlighting, tags, unfoldAll,
} from "../vendor/codemirror/codemirror.js";

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, class: "je-name" }, { tag: tags.string, class: "je-text" }, { tag: tags.number, class: "je-number" },
  { tag: [tags.bool, tags.null], class: "je-word" }, { tag: [tags.separator, tags.squareBracket, tags.brace], class: "je-mark" },
]);
const FRAME = EditorView.theme({ "&.cm-focused": { outline: "none" } });

export class JsonEditor {
  // label: for those who hear the page; changed(text, byHand): on every change; complete: a
  // completion source; moved(position): the cursor stands elsewhere; readOnly
  constructor(parent, { text = "", label, describedBy, changed = () => {}, moved = () => {}, complete = null, readOnly = false } = {}) {
    this.quiet = false;
    const attributes = { "aria-label": label, spellcheck: "false", ...(describedBy ? { "aria-describedby": describedBy } : {}) };
    const extensions = [
      lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), foldGutter(), codeFolding(), drawSelection(),
      indentUnit.of("  "), EditorState.tabSize.of(2), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
      highlightSelectionMatches(), lintGutter(), json(), syntaxHighlighting(COLOURS), FRAME, EditorView.lineWrapping,
      EditorView.contentAttributes.of(attributes), EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly),
      keymap.of([
        ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap,
        { key: "Tab", run: indentMore, shift: indentLess },
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(this.text, !this.quiet);
        if (update.docChanged || update.selectionSet) moved(update.state.selection.main.head, !this.quiet);
      }),
    ];
    if (complete) extensions.push(autocompletion({ override: [complete], icons: false }));
    if (readOnly) extensions.push(EditorView.contentAttributes.of({ tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" }));
    this.view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
    this.view.scrollDOM.tabIndex = 0; // what scrolls is reached by the keyboard
    parent.classList.add("je");
  }

  get text() {
    return this.view.state.doc.toString();
  }

  // The whole, as by our own hand: it can be undone, and `changed` hears it as not typed.
  set text(text) {
    if (text !== this.text) this.replace(0, this.view.state.doc.length, text);
  }

  get cursor() {
    return this.view.state.selection.main.head;
  }

  replace(from, to, text, cursor = null) {
    this.quiet = true;
    this.view.dispatch({ changes: { from, to, insert: text }, ...(cursor === null ? {} : { selection: { anchor: cursor }, scrollIntoView: true }), userEvent: "input" });
    this.quiet = false;
  }

  // faults: [{from, to, words, bad}]; bad false is a warning.
  mark(faults) {
    const end = this.view.state.doc.length;
    const found = faults.map(({ from, to, words, bad = true }) => ({ from: Math.min(from, end), to: Math.min(Math.max(to, from), end), severity: bad ? "error" : "warning", message: words }));
    this.view.dispatch(setDiagnostics(this.view.state, found.sort((a, b) => a.from - b.from)));
  }

  lineOf(position) {
    return this.view.state.doc.lineAt(Math.min(position, this.view.state.doc.length)).number;
  }

  goTo(position) {
    const place = Math.min(position, this.view.state.doc.length);
    this.view.dispatch({ selection: { anchor: place }, effects: EditorView.scrollIntoView(place, { y: "center" }) });
    this.view.focus();
  }

  foldAll() {
    foldAll(this.view);
  }

  unfoldAll() {
    unfoldAll(this.view);
  }
}
