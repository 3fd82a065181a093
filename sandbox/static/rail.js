// The tools at the side: mailbox, calendars, inspector, and switches for troubles.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";
import { Calendar } from "./calendar.js";
import { Inspector } from "./inspector.js";
import { state } from "./live.js";
import { Mailbox } from "./mailbox.js";
import { Troubles } from "./troubles.js";

const TABS = [["mail", "Mailbox"], ["calendar", "Calendar"], ["inspector", "Inspector"], ["troubles", "Troubles"]];

export function Rail({ tab, setTab }) {
  const { mails, calendars, troubles, traffic } = state;
  const tools = useRef(null);
  useLayoutEffect(() => {
    tools.current.scrollTop = 0;
  }, [tab]);
  const counts = {
    mail: mails.length,
    calendar: Object.values(calendars).reduce((sum, calendar) => sum + calendar.new.length, 0),
    inspector: traffic.filter(({ bad }) => bad).length,
    troubles: troubles.filter(({ on }) => on).length,
  };
  const said = { mail: "mails", calendar: "new events", inspector: "problems", troubles: "switched on" };
  const face = (name) => (name === "calendar" ? `+${counts[name]}` : counts[name]);

  const keys = (event) => {
    const at = TABS.findIndex(([name]) => name === tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const [next] = TABS[(to + TABS.length) % TABS.length];
    setTab(next);
    document.getElementById(`tab-${next}`).focus();
  };

  return html`<aside class="rail" aria-label="Tools">
    <div class="tabs" role="tablist" aria-label="Tools" onKeyDown=${keys}>${TABS.map(([name, label]) => html`<button type="button" role="tab" id=${`tab-${name}`}
      aria-selected=${tab === name ? "true" : "false"} aria-controls="tools" tabindex=${tab === name ? 0 : -1} onClick=${() => setTab(name)}>${label}
      ${counts[name] > 0 && html`<${Count} key=${counts[name]} face=${face(name)} what=${said[name]} />`}</button>`)}</div>
    <div class="tools" ref=${tools} role="tabpanel" id="tools" aria-labelledby=${`tab-${tab}`} tabindex="0">
      ${tab === "mail" && html`<${Mailbox} />`}
      ${tab === "calendar" && html`<${Calendar} />`}
      ${tab === "inspector" && html`<${Inspector} />`}
      ${tab === "troubles" && html`<${Troubles} />`}
    </div>
  </aside>`;
}

function Count({ face, what }) {
  const [isNew, setNew] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setNew(false), 1500);
    return () => clearTimeout(timer);
  }, []);
  return html`<span class=${`count ${isNew ? "new" : ""}`}>${face}<span class="off-screen"> ${what}</span></span>`;
}
