// The open modal: the top of the view stack in one dialog that keeps the focus inside.

import { html, useEffect, useLayoutEffect, useRef } from "./vendor/preact-htm.js";
import { Blocks } from "./blocks.js";
import { WhatIf } from "./clock.js";
import { act, confirmed, state } from "./live.js";
import { Text, words } from "./text.js";

const LEAVE = {
  title: "Close without saving?",
  text: { spans: [{ t: "What you typed on this screen may be lost." }] },
  yes: "Close",
  no: "Keep editing",
};

export function Modal({ stack }) {
  const view = stack[stack.length - 1];
  const dialog = useRef(null);
  const touched = useRef(new Set());
  const last = useRef({});
  const step = view && (words(view.blocks.find((block) => block.type === "header")?.text) || view.title);
  const screen = view && `${view.id} ${step}`;

  useLayoutEffect(() => {
    if (view && !dialog.current.open) dialog.current.showModal();
    if (!view && dialog.current.open) dialog.current.close();
    if (!view) last.current = {};
  }, [Boolean(view)]);

  // Focus: the first field of a new view, the heading of a new step, else where the person was.
  useLayoutEffect(() => {
    if (!view || !dialog.current.open) return;
    const before = last.current;
    last.current = { view: view.id, screen, action: before.action };
    const find = (what) => dialog.current.querySelector(what);
    if (before.view !== view.id) {
      (find(".modal-body input, .modal-body select, .modal-body textarea") ?? find(".modal-title"))?.focus();
    } else if (before.screen !== screen) {
      find(".modal-body").scrollTop = 0;
      (find(".block-header") ?? find(".modal-title")).focus({ preventScroll: true });
    } else if (!dialog.current.contains(document.activeElement) || document.activeElement === dialog.current) {
      (find(`[data-action="${CSS.escape(before.action ?? "")}"]`) ?? find(".block-header") ?? find(".modal-title"))?.focus({ preventScroll: true });
    }
  });

  if (!view) return html`<dialog class="modal" ref=${dialog} aria-label="No form open"></dialog>`;

  const leave = async (everything) => {
    if (touched.current.has(screen) && !(await confirmed(LEAVE))) return;
    act("close", { on: view.id, everything });
  };
  const submit = () => view.submit && !view.busy && act("submit", { on: view.id });
  const surface = { ...view, touched: () => touched.current.add(screen), submitOnEnter: submit };
  const noted = (event) => {
    const { action } = event.target.dataset ?? {};
    if (action) last.current.action = action;
  };

  return html`<dialog class="modal" ref=${dialog} aria-labelledby="modal-title" onFocusIn=${noted}
      onCancel=${(event) => { if (event.target === dialog.current) { event.preventDefault(); leave(false); } }}>
    <header class="modal-head">
      <h2 class="modal-title" id="modal-title" tabindex="-1">${view.title}</h2>
      ${stack.length > 1 && html`<span class="depth"><span class="word">Window </span>${stack.length} of 3</span>`}
      <${WhatIf} />
      <button type="button" class="x" aria-label="Close the whole form" onClick=${() => leave(true)}><span aria-hidden="true">×</span></button>
    </header>
    <div class="modal-body" tabindex="-1" aria-busy=${view.busy ? "true" : undefined} inert=${view.busy}>
      ${view.notice && html`<div class="alert error" role="alert"><strong>Problem</strong><span>${view.notice}</span></div>`}
      <${Blocks} surface=${surface} />
    </div>
    <footer class="modal-foot">
      ${Object.keys(view.errors).length > 0 && html`<p class="error foot-error">Please look at the marked fields.</p>`}
      <button type="button" class="button" data-action="close" onClick=${() => leave(false)}>${view.close}</button>
      ${view.submit && html`<button type="button" class="button primary" data-action="submit" aria-busy=${view.busy ? "true" : undefined}
        onClick=${submit}>${view.submit}</button>`}
    </footer>
  </dialog>`;
}

// Asks before something happens; on top of whatever is open.
export function Confirm() {
  const dialog = useRef(null);
  const asked = state.confirm;
  useEffect(() => {
    if (asked && !dialog.current.open) dialog.current.showModal();
    if (!asked && dialog.current.open) dialog.current.close();
  }, [asked]);
  if (!asked) return html`<dialog class="confirm" ref=${dialog} aria-label="No question"></dialog>`;
  const { title, text, yes, no, danger } = asked.dialog;
  return html`<dialog class="confirm" ref=${dialog} role="alertdialog" aria-labelledby="confirm-title" aria-describedby="confirm-text"
      onCancel=${(event) => { event.preventDefault(); asked.answer(false); }}>
    <h2 id="confirm-title">${title}</h2>
    <p id="confirm-text" class="prose"><${Text} text=${text} /></p>
    <div class="confirm-foot">
      <button type="button" class="button" onClick=${() => asked.answer(false)}>${no}</button>
      <button type="button" class=${`button ${danger ? "danger" : "primary"}`} onClick=${() => asked.answer(true)}>${yes}</button>
    </div>
  </dialog>`;
}
