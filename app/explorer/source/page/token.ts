// The access token: in this tab's memory, and in its session storage so that a reload keeps it.
// It is never part of an address, and never written to the storage that outlives the tab.

const KEY = "hashcart:token";

type Listener = (token: string) => void;

const listeners = new Set<Listener>();
let held = stored();

function stored(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // the browser allows no storage: memory will do
  }
}

function store(token: string): void {
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch {
    // as above
  }
}

// The token, or an empty text.
export const currentToken = (): string => held;

// What a person pastes may carry the scheme or quotes around it.
export const cleaned = (text: string): string =>
  text.trim().replace(/^["']|["']$/g, "").replace(/^Bearer\s+/i, "").trim();

export function changeToken(text: string): void {
  const token = cleaned(text);
  if (token === held) return;
  held = token;
  store(token);
  for (const tell of listeners) tell(token);
}

// Calls `tell` after each change, until the function that is returned is called.
export function onTokenChange(tell: Listener): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
