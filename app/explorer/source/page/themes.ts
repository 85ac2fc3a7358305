// The editors' colours, to fit those of explorer.css.

// By way of monaco.ts: a theme starts the editor's services, and all must be known by then.
import { editor } from "./monaco";

export const EDITOR_THEMES = { light: "hashcart-light", dark: "hashcart-dark" };

interface Palette {
  surface: string;
  accent: string;
  tint: string;
  text: string;
  comment: string;
  keyword: string;
  type: string;
  field: string;
  variable: string;
  literal: string;
  number: string;
}

const LIGHT: Palette = {
  surface: "#ffffff",
  accent: "#0b6b4f",
  tint: "#0b6b4f1a",
  text: "#1b2320",
  comment: "#5c6862",
  keyword: "#8a2f6b",
  type: "#0b6b4f",
  field: "#1d4f9c",
  variable: "#7a4b00",
  literal: "#9a3412",
  number: "#0a6472",
};

const DARK: Palette = {
  surface: "#1a211e",
  accent: "#64d6aa",
  tint: "#64d6aa22",
  text: "#ecf1ee",
  comment: "#93a19a",
  keyword: "#f0a3d4",
  type: "#64d6aa",
  field: "#9cc3ff",
  variable: "#f2c879",
  literal: "#ffb59a",
  number: "#7fdbe6",
};

const colour = (hash: string): string => hash.slice(1);

function define(name: string, base: "vs" | "vs-dark", palette: Palette): void {
  const { surface, accent, tint, text } = palette;
  editor.defineTheme(name, {
    base,
    inherit: true,
    rules: [
      { token: "", foreground: colour(text) },
      { token: "comment", foreground: colour(palette.comment) },
      { token: "keyword", foreground: colour(palette.keyword) },
      { token: "type.identifier", foreground: colour(palette.type) },
      { token: "key.identifier", foreground: colour(palette.field) },
      { token: "annotation", foreground: colour(palette.keyword) },
      { token: "argument.identifier", foreground: colour(palette.variable) },
      { token: "string", foreground: colour(palette.literal) },
      { token: "string.key.json", foreground: colour(palette.field) },
      { token: "string.value.json", foreground: colour(palette.literal) },
      { token: "number", foreground: colour(palette.number) },
      { token: "keyword.json", foreground: colour(palette.number) },
    ],
    colors: {
      "editor.background": "#ffffff00",
      "editor.foreground": text,
      "editorLineNumber.foreground": palette.comment,
      "editorLineNumber.dimmedForeground": palette.comment,
      "editorHoverWidget.background": surface,
      "editorSuggestWidget.background": surface,
      "editorSuggestWidget.selectedBackground": tint,
      "editorSuggestWidget.selectedForeground": text,
      "editorSuggestWidget.highlightForeground": accent,
      "editorSuggestWidget.focusHighlightForeground": accent,
      "editorWidget.background": surface,
      "editorWidget.resizeBorder": accent,
      "editorLink.activeForeground": accent,
      "textLink.foreground": accent,
      "textLink.activeForeground": accent,
      "list.hoverBackground": tint,
      "list.highlightForeground": accent,
      "list.focusHighlightForeground": accent,
      "menu.background": surface,
      "menu.selectionBackground": tint,
      "menu.selectionForeground": text,
      "quickInput.background": surface,
      "quickInputList.focusBackground": tint,
      "quickInputList.focusForeground": text,
      "scrollbar.shadow": "#ffffff00",
      focusBorder: accent,
    },
  });
}

define(EDITOR_THEMES.light, "vs", LIGHT);
define(EDITOR_THEMES.dark, "vs-dark", DARK);

// Where no theme was chosen GraphiQL's own colours follow the system; so do the editors'.
const darkness = matchMedia("(prefers-color-scheme: dark)");
darkness.addEventListener("change", () => {
  const isChosen = document.body.matches(".graphiql-light, .graphiql-dark");
  if (!isChosen) editor.setTheme(darkness.matches ? EDITOR_THEMES.dark : EDITOR_THEMES.light);
});
