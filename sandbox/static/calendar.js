// One person's week, read from the calendar server; events can be put in and taken out as in any calendar app.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { act, state } from "./live.js";

const DAY = 86_400_000;
const HOUR = 42; // pixels
const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const moved = (date, days) => new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);

export function Calendar() {
  const mine = state.me.people.find(({ id }) => id === state.me.user)?.handle ?? "dana";
  const [user, setUser] = useState(mine);
  const [monday, setMonday] = useState(null);
  const [week, setWeek] = useState(null);
  const [chosen, setChosen] = useState(null);
  const { mark, week_of: weekOf, new: fresh = [] } = state.calendars[user] ?? {};

  useEffect(() => setUser(mine), [mine]);
  useEffect(() => {
    let isCurrent = true;
    act("week", { user, monday: monday ?? weekOf }).then((found) => isCurrent && found && setWeek(found));
    return () => {
      isCurrent = false;
    };
  }, [user, monday, mark]);

  if (!week) return html`<p class="loading" role="status">Reading the calendar…</p>`;
  const pick = (event) => setChosen(event);
  return html`<div class="calendar">
    <div class="row">
      <label class="off-screen" for="whose">Whose calendar</label>
      <select id="whose" value=${user} onChange=${(event) => { setUser(event.target.value); setChosen(null); }}>${[...state.me.people, ...state.me.rooms].map((each) => html`<option
        value=${each.handle} selected=${each.handle === user}>${each.name}${state.me.rooms.includes(each) ? ", a room" : ""}</option>`)}</select>
      <button type="button" class="button" aria-label="Week before" onClick=${() => setMonday(moved(week.monday, -7))}>◀</button>
      <button type="button" class="button" onClick=${() => setMonday(state.clock.today)}>This week</button>
      <button type="button" class="button" aria-label="Week after" onClick=${() => setMonday(moved(week.monday, 7))}>▶</button>
    </div>
    <h2>${monthName.format(new Date(week.monday))} – ${monthName.format(new Date(moved(week.monday, 6)))}</h2>
    <p class="more">Times in ${week.zone.replace("_", " ")}, ${state.me.people.find(({ handle }) => handle === user)?.name.split(" ")[0] ?? "the office"}'s own clock</p>
    <${Grid} week=${week} pick=${pick} chosen=${chosen} fresh=${fresh} />
    ${chosen && html`<${Details} event=${chosen} user=${user} close=${() => setChosen(null)} />`}
    <${Add} user=${user} week=${week} />
    <p class="more">To connect it as “Other CalDAV”: server <code>${location.origin}/${user}/</code>, user name <code>${user}</code>, password <code>${user}</code>. For the other systems the terminal says how to sign in.</p>
  </div>`;
}

function Grid({ week, pick, chosen, fresh }) {
  const days = week.days.filter((day, index) => index < 5 || day.events.length || day.all_day.length);
  const all = days.flatMap((day) => day.events);
  const first = Math.min(8, ...all.map((event) => Math.floor(event.from / 60)));
  const last = Math.max(18, ...all.map((event) => Math.ceil(event.to / 60)));
  const hours = Array.from({ length: last - first }, (_, index) => first + index);
  const top = (minutes) => `${((minutes - first * 60) / 60) * HOUR}px`;
  const isChosen = (event) => chosen?.href === event.href && chosen.from === event.from;
  const name = (event) => `${event.title} ${event.when}${event.private ? ", private" : ""}${event.free ? ", shown as free" : ""}${fresh.includes(event.href) ? ", new" : ""}`;

  const box = (event, style) => html`<button type="button" class=${`event ${event.to - event.from < 45 ? "short" : ""} ${event.private ? "private" : ""} ${event.free ? "free" : ""} ${fresh.includes(event.href) ? "new" : ""}`} style=${style}
    aria-pressed=${isChosen(event) ? "true" : "false"} aria-label=${name(event)} onClick=${() => pick(event)}><span>${event.title} <span class="event-time">${event.when.split("–")[0]}</span></span></button>`;

  return html`<div class=${`week days-${days.length}`}>
    <div class="hours" aria-hidden="true">${hours.map((hour) => html`<span style=${{ height: `${HOUR}px` }}>${String(hour).padStart(2, "0")}</span>`)}</div>
    ${days.map((day) => html`<section class="day" key=${day.date} aria-label=${dayName.format(new Date(day.date))}>
      <h3 class=${day.date === state.clock?.today ? "today" : ""}>${dayName.format(new Date(day.date))}${day.date === state.clock?.today && html`<span class="off-screen">, today</span>`}</h3>
      <div class="all-day">${day.all_day.map((event) => box(event))}</div>
      <div class="slots" style=${{ height: `${hours.length * HOUR}px` }}>${day.events.map((event) => box(event, {
        top: top(event.from), height: `${Math.max(17, ((event.to - event.from) / 60) * HOUR - 2)}px` }))}</div>
    </section>`)}
  </div>`;
}

function Details({ event, user, close }) {
  return html`<div class="event-details" role="group" aria-label="Event">
    <h3>${event.title}</h3>
    <p>${event.when}${event.private ? " · private" : ""}${event.free ? " · shown as free" : ""}</p>
    ${event.text && html`<p class="prose small">${event.text}</p>`}
    <div class="row"><button type="button" class="button danger" onClick=${() => { act("remove", { user, href: event.href }); close(); }}>Take out</button>
      <button type="button" class="button" onClick=${close}>Close</button></div>
  </div>`;
}

function Add({ user, week }) {
  const send = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    act("event", { user, ...Object.fromEntries(form), private: form.has("private") });
    event.target.reset();
  };
  return html`<details class="add"><summary>Put an event in</summary><form onSubmit=${send}>
    <label>Title <input name="title" required defaultValue="Team lunch" /></label>
    <label>Day <input name="date" type="date" required defaultValue=${week.monday} /></label>
    <label>Start <input name="time" type="time" required defaultValue="10:00" /></label>
    <label>Minutes <input name="minutes" type="number" min="5" max="600" step="5" required defaultValue="60" /></label>
    <label class="check"><input name="private" type="checkbox" /> Private: colleagues see only that it is busy</label>
    <button class="button primary">Put in</button>
  </form></details>`;
}
