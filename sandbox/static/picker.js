// A field in which one searches and chooses, by the combobox pattern. Options are {key, words, more}.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";

const PAUSE = 180; // milliseconds without a key stroke before the app is asked

export function Picker({ id, chosen, isMany, most, fewest, search, choose, placeholder, ...rest }) {
  const [isOpen, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const [found, setFound] = useState([]);
  const [at, setAt] = useState(0);
  const [note, setNote] = useState("");
  const root = useRef(null);
  const latest = useRef(0);
  const spoken = Object.fromEntries(Object.entries(rest).filter(([name]) => name.startsWith("aria-")));
  const needed = Number(fewest);

  useEffect(() => {
    if (!isOpen) return undefined;
    if (query.length < needed) {
      setFound([]);
      setNote(`Type at least ${needed} signs`);
      return undefined;
    }
    latest.current += 1;
    const mine = latest.current;
    setNote("Searching…");
    const timer = setTimeout(async () => {
      const answer = (await search(query)) ?? [];
      if (mine !== latest.current) return;
      setFound(answer.filter((option) => !isMany || !chosen.some(({ key }) => key === option.key)).slice(0, 100));
      setAt(0);
      setNote(answer.length ? "" : "Nothing found");
    }, query ? PAUSE : 0);
    return () => clearTimeout(timer);
  }, [isOpen, query, chosen.length]);

  useEffect(() => {
    if (isOpen) root.current.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at, isOpen]);

  const close = () => {
    setOpen(false);
    setQuery("");
  };
  const pick = (option) => {
    if (!option) return;
    if (!isMany) {
      choose([option]);
      close();
      return;
    }
    if (most && chosen.length >= most) return;
    choose([...chosen, option]);
    setQuery("");
  };
  const drop = (option) => {
    choose(chosen.filter(({ key }) => key !== option.key));
    root.current.querySelector("input").focus();
  };
  const keys = (event) => {
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) setOpen(true);
      else if (found.length) setAt((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen) pick(found[at]);
    } else if (event.key === "Backspace" && !query && chosen.length) {
      drop(chosen[chosen.length - 1]);
    }
  };
  const leave = (event) => root.current.contains(event.relatedTarget) || close();
  const single = !isMany && !isOpen && chosen[0] ? chosen[0].words : null;
  const list = `${id}-list`;

  return html`<div class="picker" ref=${root} onFocusOut=${leave}>
    <div class="picker-field">
      ${isMany && chosen.map((option) => html`<span class="chip" key=${option.key}>${option.words}
        <button type="button" aria-label=${`Remove ${option.words}`} onClick=${() => drop(option)}><span aria-hidden="true">×</span></button></span>`)}
      <input id=${id} type="text" role="combobox" autocomplete="off" spellcheck="false" aria-autocomplete="list" ...${spoken}
        aria-expanded=${isOpen ? "true" : "false"} aria-controls=${isOpen ? list : undefined}
        aria-activedescendant=${isOpen && found[at] ? `${list}-${at}` : undefined}
        placeholder=${isMany && chosen.length ? "Add…" : placeholder} value=${single ?? query}
        onFocus=${(event) => event.target.select()} onClick=${() => setOpen(true)} onKeyDown=${keys}
        onInput=${(event) => { setOpen(true); setQuery(single ? event.target.value.replace(single, "") : event.target.value); }} />
      ${!isMany && chosen.length > 0 && html`<button type="button" class="clear" aria-label=${`Clear ${chosen[0].words}`}
        onClick=${() => choose([])}><span aria-hidden="true">×</span></button>`}
    </div>
    ${isOpen && html`<div class="picker-list">
      ${note && html`<p class="picker-note" role="status">${note}</p>`}
      <div role="listbox" id=${list} aria-label="Suggestions">${found.map((option, index) => html`<div role="option" key=${option.key} id=${`${list}-${index}`}
        aria-selected=${index === at ? "true" : "false"} onPointerDown=${(event) => { event.preventDefault(); pick(option); }}>
        <span>${option.words}</span>${option.more && html`<span class="more">${option.more}</span>`}</div>`)}</div>
    </div>`}
  </div>`;
}
