// Everything one can press, choose or type into. Typed values live in the browser; every change is told at once.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { inputIds } from "./blocks.js";
import { act, confirmed, state } from "./live.js";
import { Menu } from "./menu.js";
import { Picker } from "./picker.js";
import { Text, words } from "./text.js";

const dialogOf = (element) => element.confirm && {
  title: words(element.confirm.title),
  text: element.confirm.text,
  yes: words(element.confirm.confirm) || "Yes",
  no: words(element.confirm.deny) || "Cancel",
  danger: element.confirm.style === "danger",
};

export function Element(props) {
  const { element, block, surface } = props;
  const Kind = INPUTS[element.type]?.draw;
  if (!Kind) return html`<p class="unknown">This page does not draw ${element.type}.</p>`;
  const where = { on: surface.id, block: block.block_id, action: element.action_id };
  const value = surface.values?.[`${block.block_id} ${element.action_id}`];
  const tell = async (next) => {
    surface.touched?.();
    if (await confirmed(dialogOf(element))) await act("set", { ...where, value: next });
  };
  const id = inputIds(surface, block, element).input;
  const label = props.label || words(element.placeholder) || element.action_id;
  return html`<${Kind} ...${props} id=${id} where=${where} value=${value} tell=${tell} label=${label} />`;
}

// What a control carries for a screen reader: outside of input blocks it has no label element.
const spoken = ({ id, label, described, error, required, inInput }) => ({
  id,
  "aria-describedby": described,
  "aria-invalid": error ? "true" : undefined,
  "aria-required": inInput && required ? "true" : undefined,
  "aria-label": inInput ? undefined : label,
});

function Button({ element, where }) {
  const [pending, setPending] = useState(false);
  const press = async () => {
    if (pending || !(await confirmed(dialogOf(element)))) return;
    setPending(true);
    await act("click", where);
    setPending(false);
  };
  const name = `button ${element.style ?? ""}`;
  const common = { class: name, "aria-label": element.accessibility_label, "data-action": element.action_id, onClick: press };
  if (element.url) {
    return html`<a ...${common} href=${element.url} target="_blank" rel="noopener noreferrer"><${Text} text=${element.text} /></a>`;
  }
  return html`<button type="button" ...${common} aria-busy=${pending ? "true" : undefined}><${Text} text=${element.text} /></button>`;
}

function Overflow({ element, where, surface }) {
  const entries = element.options.map((option, index) => ({
    words: words(option.text),
    url: option.url,
    choose: async () => {
      if (await confirmed(dialogOf(element))) await act("click", { ...where, option: index });
    },
  }));
  return html`<${Menu} label="More actions" entries=${entries} action=${element.action_id} key=${surface.id} />`;
}

// Uncontrolled, so that what is being typed is never overwritten: until our own words came back, no others are taken.
function useTyped(value, tell) {
  const ref = useRef(null);
  const mine = useRef(null);
  const shown = value ?? "";
  if (mine.current === shown) mine.current = null;
  useEffect(() => {
    const input = ref.current;
    if (input && mine.current === null && document.activeElement !== input && input.value !== shown) input.value = shown;
  });
  const onInput = (event) => {
    mine.current = event.target.value;
    tell(event.target.value);
  };
  return { ref, defaultValue: shown, onInput };
}

const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "text", plain_text_input: "text" };

function Typed(props) {
  const { element, where, value, tell } = props;
  const common = { ...useTyped(value, tell), ...spoken(props), placeholder: words(element.placeholder) || undefined };
  if (element.multiline || element.type === "rich_text_input") return html`<textarea ...${common} rows="4"></textarea>`;
  const enter = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    act("enter", where);
    props.surface.submitOnEnter?.();
  };
  const mode = element.type === "number_input" ? "numeric" : undefined;
  return html`<input type=${TYPES[element.type]} ...${common} inputmode=${mode} autocomplete="off" spellcheck="false" onKeyDown=${enter} />`;
}

function Moment(props) {
  const type = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" }[props.element.type];
  const typed = useTyped(props.value, () => {});
  const label = words(props.element.placeholder) || props.label;
  const field = html`<input type=${type} ...${typed} ...${spoken({ ...props, label })} onChange=${(event) => props.tell(event.target.value)} />`;
  return props.inInput ? field : html`<span class="picker-with-name"><span aria-hidden="true">${label}</span>${field}</span>`;
}

// What was picked is shown at once, and until the workspace says the same: an older picture on its way does not undo it.
function usePicked(value = [], tell) {
  const [mine, setMine] = useState(null);
  const told = [...value].sort().join("\n");
  useEffect(() => {
    if (mine && [...mine].sort().join("\n") === told) setMine(null);
  }, [mine, told]);
  const pick = async (next) => {
    setMine(next);
    await tell(next);
    setTimeout(() => setMine((now) => (now === next ? null : now)), 1000); // refused, or not confirmed
  };
  return [mine ?? value, pick];
}

function Select(props) {
  const { element } = props;
  const [value, pick] = usePicked(props.value, props.tell);
  const draw = (option) => html`<option value=${option.value} selected=${value?.includes(option.value)}>${words(option.text)}</option>`;
  const groups = element.option_groups?.map((group) => html`<optgroup label=${words(group.label)}>${group.options.map(draw)}</optgroup>`);
  return html`<select ...${spoken(props)} value=${value?.[0] ?? ""} onChange=${(event) => pick(event.target.value ? [event.target.value] : [])}>
    ${!value?.length && html`<option value="">${words(element.placeholder) || "Choose…"}</option>`}
    ${groups ?? element.options.map(draw)}
  </select>`;
}

function Choices(props) {
  const { element, id } = props;
  const [value, pick] = usePicked(props.value, props.tell);
  const isMany = element.type === "checkboxes";
  const change = (option) => (event) => {
    if (!isMany) return pick([option.value]);
    const rest = value.filter((each) => each !== option.value);
    return pick(event.target.checked ? [...rest, option.value] : rest);
  };
  const rows = element.options.map((option, index) => html`<div class="choice">
    <input type=${isMany ? "checkbox" : "radio"} id=${`${id}-${index}`} name=${id} checked=${value.includes(option.value)}
      onChange=${change(option)} aria-describedby=${option.description ? `${id}-${index}-more` : undefined} />
    <label for=${`${id}-${index}`}><${Text} text=${option.text} /></label>
    ${option.description && html`<p class="hint" id=${`${id}-${index}-more`}><${Text} text=${option.description} /></p>`}
  </div>`);
  return props.inInput ? rows : html`<div class="choices" role=${isMany ? "group" : "radiogroup"} aria-label=${props.label}>${rows}</div>`;
}

const people = () => state.me.people.map(({ id, name, handle }) => ({ key: id, words: name, more: `@${handle}` }));
const channels = () => state.me.channels.filter(({ dm }) => !dm).map(({ id, name }) => ({ key: id, words: `#${name}` }));
const listed = (element) => (element.option_groups ? element.option_groups.flatMap((group) => group.options) : element.options)
  .map((option) => ({ key: option.value, words: words(option.text), more: words(option.description) }));

// Selects in which one searches: people, channels, many options, and options that the app answers.
function Search(props) {
  const { element, where, value = [], tell } = props;
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const isMany = element.type.startsWith("multi_");
  const common = { ...props, ...spoken(props), isMany, most: element.max_selected_items, placeholder: words(element.placeholder) };
  if (kind === "external") {
    const chosen = value.map((option) => ({ key: option.value, words: option.text.text, raw: option }));
    return html`<${Picker} ...${common} chosen=${chosen} fewest=${element.min_query_length ?? 3}
      search=${(query) => act("suggest", { ...where, query }).then((found) => (found ?? []).map((option) => ({ key: option.value, words: option.text.text, raw: option })))}
      choose=${(picked) => tell(picked.map(({ raw }) => raw))} />`;
  }
  const known = { users: people, channels, conversations: () => [...channels(), ...people()], static: () => listed(element) }[kind]();
  const chosen = value.map((key) => known.find((each) => each.key === key) ?? { key, words: key });
  const search = async (query) => known.filter((each) => `${each.words} ${each.more ?? ""}`.toLowerCase().includes(query.toLowerCase()));
  return html`<${Picker} ...${common} chosen=${chosen} fewest="0" search=${search} choose=${(picked) => tell(picked.map(({ key }) => key))} />`;
}

const search = { draw: Search };
const typed = { draw: Typed };
const moment = { draw: Moment };
const choices = { draw: Choices, isGroup: true };

export const INPUTS = {
  button: { draw: Button },
  overflow: { draw: Overflow },
  plain_text_input: typed,
  email_text_input: typed,
  url_text_input: typed,
  number_input: typed,
  rich_text_input: typed,
  datepicker: moment,
  timepicker: moment,
  datetimepicker: moment,
  static_select: { draw: Select },
  checkboxes: choices,
  radio_buttons: choices,
  external_select: search,
  users_select: search,
  channels_select: search,
  conversations_select: search,
  multi_static_select: search,
  multi_external_select: search,
  multi_users_select: search,
  multi_channels_select: search,
  multi_conversations_select: search,
};
