// The editor's workers: files of their own beside this one, named by the build.

declare const WORKERS: { editor: string; graphql: string; json: string };

interface Environment {
  MonacoEnvironment?: { getWorker: (id: string, label: string) => Worker };
}

(globalThis as Environment).MonacoEnvironment = {
  getWorker(_id, label) {
    const name = label === "graphql" || label === "json" ? WORKERS[label] : WORKERS.editor;
    return new Worker(new URL(name, import.meta.url), { type: "module" });
  },
};
