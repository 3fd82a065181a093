// Blocks as Slack's client draws them. Keys are block ids and action ids: what is typed stays exactly where both stay.

import { html } from "./vendor/preact-htm.js";
import { Element, INPUTS } from "./inputs.js";
import { RichText, Text, words } from "./text.js";

const LEVELS = { info: "Note", warning: "Warning", error: "Problem", success: "Done", default: "Note" };

export function Blocks({ surface, level = 3 }) {
  return surface.blocks.map((block) => html`<${Block} key=${block.block_id} block=${block} surface=${surface} level=${level} />`);
}

function Block({ block, surface, level }) {
  const draw = DRAWN[block.type];
  if (!draw) return html`<p class="unknown">This page does not draw blocks of the type ${block.type}.</p>`;
  return draw(block, surface, level);
}

const DRAWN = {
  header: (block, _surface, level) => {
    const Heading = `h${Math.min(level + (block.level ?? 1) - 1, 6)}`;
    return html`<${Heading} class=${`block-header level-${block.level ?? 1}`} tabindex="-1"><${Text} text=${block.text} /><//>`;
  },
  divider: () => html`<hr />`,
  section: Section,
  context: (block) => html`<div class="context">${block.elements.map((part) =>
    part.type === "image" ? html`<${Picture} image=${part} />` : html`<span class="prose"><${Text} text=${part} /></span>`)}</div>`,
  rich_text: (block) => html`<${RichText} parts=${block.parts} />`,
  image: (block) => html`<figure>${block.title && html`<figcaption><${Text} text=${block.title} /></figcaption>`}<${Picture} image=${block} /></figure>`,
  actions: (block, surface) => html`<div class="actions">${block.elements.map((element) => html`<${Element}
    key=${element.action_id} element=${element} block=${block} surface=${surface} />`)}</div>`,
  alert: (block) => html`<div class=${`alert ${block.level ?? "default"}`} role="alert">
    <strong>${LEVELS[block.level ?? "default"]}</strong><span class="prose"><${Text} text=${block.text} /></span></div>`,
  input: Input,
  markdown: (block) => html`<p class="prose">${block.text}</p>`,
};

function Section(block, surface) {
  const { accessory } = block;
  const label = words(block.text);
  return html`<div class=${`section ${accessory ? "with-accessory" : ""}`}>
    <div class="section-text">
      ${block.text && html`<p class="prose"><${Text} text=${block.text} /></p>`}
      ${block.fields && html`<div class="fields">${block.fields.map((field) => html`<p class="prose"><${Text} text=${field} /></p>`)}</div>`}
    </div>
    ${accessory && (accessory.type === "image"
      ? html`<${Picture} image=${accessory} />`
      : html`<${Element} key=${accessory.action_id} element=${accessory} block=${block} surface=${surface} label=${label} />`)}
  </div>`;
}

const Picture = ({ image }) => html`<img src=${image.image_url} alt=${image.alt_text} loading="lazy" />`;

function Input(block, surface) {
  const { element } = block;
  const label = words(block.label);
  const error = surface.errors?.[block.block_id];
  const ids = inputIds(surface, block, element);
  const described = [block.hint && ids.hint, error && ids.error].filter(Boolean).join(" ") || undefined;
  const more = { label, described, error, required: !block.optional, inInput: true };
  const isGroup = INPUTS[element.type]?.isGroup;
  const title = html`${label}${block.optional && html` <span class="optional">(optional)</span>`}`;
  const rest = html`
    ${block.hint && html`<p class="hint" id=${ids.hint}><${Text} text=${block.hint} /></p>`}
    ${error && html`<p class="error" id=${ids.error} role="alert">${error}</p>`}`;
  const field = html`<${Element} key=${element.action_id} element=${element} block=${block} surface=${surface} ...${more} />`;
  if (isGroup) {
    return html`<fieldset class=${`field ${error ? "wrong" : ""}`} aria-describedby=${described}>
      <legend>${title}</legend>${field}${rest}</fieldset>`;
  }
  return html`<div class=${`field ${error ? "wrong" : ""}`}><label for=${ids.input}>${title}</label>${field}${rest}</div>`;
}

export function inputIds(surface, block, element) {
  const base = `${surface.id}-${block.block_id}-${element.action_id}`.replace(/[^\w-]/g, "_");
  return { input: base, hint: `${base}-hint`, error: `${base}-error` };
}
