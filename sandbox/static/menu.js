// A button with a menu below it, by the menu button pattern: arrows move, Esc leaves, focus returns.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";

// With `floats` it lies over whatever would cut it off.
export function Menu({ label, entries, action, floats, face = "⋯" }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(null);
  const items = () => [...root.current.querySelectorAll("[role=menuitem]")];

  useEffect(() => {
    if (!isOpen) return undefined;
    items()[0]?.focus();
    const leave = (event) => root.current.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [isOpen]);

  const place = () => {
    const { left, right, bottom } = root.current.getBoundingClientRect();
    const isLeft = left < innerWidth / 2;
    return {
      position: "fixed",
      top: `${bottom + 5}px`,
      left: isLeft ? `${left}px` : "auto",
      right: isLeft ? "auto" : `${innerWidth - right}px`,
      maxWidth: `${(isLeft ? innerWidth - left : right) - 8}px`,
      maxHeight: `${innerHeight - bottom - 16}px`,
    };
  };
  const close = () => {
    setOpen(false);
    root.current.querySelector("button").focus();
  };
  const keys = (event) => {
    const at = items().indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items().length - 1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else if (to !== undefined) {
      event.preventDefault();
      items()[(to + items().length) % items().length].focus();
    }
  };
  const chosen = (entry) => () => {
    close();
    entry.choose();
  };

  return html`<span class="menu" ref=${root}>
    <button type="button" class="button menu-button" aria-haspopup="menu" aria-expanded=${isOpen ? "true" : "false"}
      aria-label=${label} data-action=${action} onClick=${() => setOpen(!isOpen)}><span aria-hidden="true">${face}</span></button>
    ${isOpen && html`<div role="menu" style=${floats ? place() : undefined} aria-label=${label} onKeyDown=${keys}>${entries.map((entry) => entry.url
      ? html`<a role="menuitem" tabindex="-1" href=${entry.url} target="_blank" rel="noopener noreferrer" onClick=${chosen(entry)}>${entry.words}</a>`
      : html`<button role="menuitem" type="button" tabindex="-1" onClick=${chosen(entry)}>${entry.words}</button>`)}</div>`}
  </span>`;
}
