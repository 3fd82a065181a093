// Text as the workspace resolved it: spans with style, links and mentions; rich text as parts.

import { html } from "./vendor/preact-htm.js";

// Signs for which a computer may have no font are drawn; they stay in the text for those who hear it.
const SIGNS = { "🟠": "orange", "❔": "asking" };
const drawn = (text) => text.split(/(🟠|❔)/u).map((part) => (SIGNS[part]
  ? html`<span class=${`sign ${SIGNS[part]}`}><span class="off-screen">${part}</span></span>` : part));

function styled(span) {
  let inner = drawn(span.t);
  if (span.c) inner = html`<code>${inner}</code>`;
  if (span.s) inner = html`<s>${inner}</s>`;
  if (span.i) inner = html`<em>${inner}</em>`;
  if (span.b) inner = html`<strong>${inner}</strong>`;
  if (span.m) inner = html`<span class="mention">${inner}</span>`;
  if (span.u) inner = html`<a href=${span.u} target="_blank" rel="noopener noreferrer">${inner}</a>`;
  return inner;
}

export const Spans = ({ spans = [] }) => spans.map(styled);

export const words = (text) => (text ? (text.spans ?? []).map((span) => span.t).join("") : "");

export const Text = ({ text }) => html`<${Spans} spans=${text?.spans} />`;

export function RichText({ parts }) {
  const drawn = [];
  for (const part of parts) {
    if (part.kind === "item") {
      const list = drawn[drawn.length - 1];
      if (list?.items && list.ordered === part.ordered) list.items.push(part);
      else drawn.push({ items: [part], ordered: part.ordered });
    } else {
      drawn.push(part);
    }
  }
  return html`<div class="rich">${drawn.map((part) => (part.items ? listed(part) : paragraph(part)))}</div>`;
}

function listed({ items, ordered }) {
  const rows = items.map((item) => html`<li class=${`indent-${item.indent}`}><${Spans} spans=${item.spans} /></li>`);
  return ordered ? html`<ol>${rows}</ol>` : html`<ul>${rows}</ul>`;
}

function paragraph(part) {
  const spans = html`<${Spans} spans=${part.spans} />`;
  if (part.kind === "quote") return html`<blockquote class="prose">${spans}</blockquote>`;
  if (part.kind === "code") return html`<pre>${spans}</pre>`;
  return html`<p class="prose">${spans}</p>`;
}
