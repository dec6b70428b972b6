// SPDX-License-Identifier: Apache-2.0
// Help, and the question for a reason or a note.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { KEYS, TOOLS } from "./tools";

function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    box.current?.showModal();
    if (box.current) box.current.scrollTop = 0; // a long one begins at its top, wherever its first button is
  }, []);
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onClose={onClose} onCancel={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="How to correct a frame" onClose={onClose}>
      <p>The program proposed the green outlines. Choose a tool (or press its key), click in the picture, and every change is saved at once. Undo takes anything back.</p>
      <table class="keys">
        <tbody>
          {TOOLS.map((t) => (
            <tr key={t.key}>
              <th scope="row">
                <kbd>{t.key}</kbd> {t.name}
              </th>
              <td>{t.hint}</td>
            </tr>
          ))}
          {KEYS.map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" class="button primary" onClick={onClose}>
        Close
      </button>
    </Dialog>
  );
}

export interface Question {
  title: string;
  label: string;
  suggestions: readonly string[];
  answer: (text: string) => void;
}

export function Ask({ question, onClose }: { question: Question; onClose: () => void }) {
  const [text, setText] = useState("");
  const done = (answer: string) => {
    onClose();
    question.answer(answer);
  };
  return (
    <Dialog title={question.title} onClose={onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (text.trim()) done(text.trim());
        }}
      >
        {question.suggestions.length > 0 && (
          <div class="suggestions">
            {question.suggestions.map((s) => (
              <button key={s} type="button" class="button" onClick={() => done(s)}>
                {s}
              </button>
            ))}
          </div>
        )}
        <label class="reason">
          {question.label}
          <input type="text" maxLength={500} value={text} onInput={(e) => setText(e.currentTarget.value)} />
        </label>
        <div class="suggestions">
          <button type="submit" class="button primary" disabled={!text.trim()}>
            OK
          </button>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
