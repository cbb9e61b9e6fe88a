// What the pages need beyond htmx: dialogs, the user's menu, notices of replies, and polling that minds the person and
// the network.
"use strict";

// A hidden tab asks for nothing; it catches up when it is seen again.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-vivo]")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[data-vivo]").forEach((elt) => htmx.trigger(elt, "visible"));
});

const offline = (lost) => {
  const notice = document.getElementById("sin-conexion");
  if (notice) notice.hidden = !lost;
};
document.addEventListener("htmx:sendError", () => offline(true));
// 429 says in its own words what to do; the fragment on the page stays as it was.
const tooOften = (text) => {
  const notice = document.getElementById("muy-seguido");
  if (!notice) return;
  notice.hidden = !text;
  notice.querySelector("span").textContent = text;
};
document.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  if (status === 429) tooOften(responseText);
  else offline(true);
});
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.xhr.status >= 400) return;
  offline(false);
  tooOften("");
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-abre]");
  if (opener) document.getElementById(opener.dataset.abre).showModal();
  const closer = event.target.closest("[data-cierra]");
  if (closer) closer.closest("dialog").close();
  // A click beside the dialog lands on its backdrop, which is the dialog itself.
  if (event.target.matches("dialog[open]")) event.target.close();
  document.querySelectorAll("details.usuario[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.usuario[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// The same form must not be sent twice by an impatient double click.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[method=post]")) {
    if (event.target.dataset.enviado) event.preventDefault();
    event.target.dataset.enviado = "1";
  }
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-enviado]").forEach((form) => delete form.dataset.enviado);
});

// What a person typed or chose before the scripts had come, and what Back or a reload brought again, no event told to
// those who count it: it is told now.
const isChanged = (field) => {
  if (field.type === "select-one") {
    const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.selectedOptions[0] !== first;
  }
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
};
window.addEventListener("pageshow", () => {
  [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(isChanged).forEach((field) => {
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
});

// A reply is announced by the browser where a person allowed it; by the service worker, which a phone asks for.
// The menu counts in the background, so the tab need not be seen.
const avisos = (() => {
  if (!("serviceWorker" in navigator) || !("Notification" in window)) return null;
  const worker = document.querySelector("meta[name=avisos]")?.content;
  if (!worker) return null;
  const ready = () => navigator.serviceWorker.register(worker);
  // Signing out takes it away with the browser's storage, and one shows nothing before it has come up.
  if (Notification.permission === "granted") ready();
  const button = document.querySelector("[data-avisar]");
  if (button && Notification.permission === "default") {
    button.hidden = false;
    button.addEventListener("click", () => {
      Notification.requestPermission().then((said) => {
        button.hidden = said !== "default";
        if (said === "granted") ready();
      });
    });
  }
  return (n) => {
    if (Notification.permission !== "granted") return;
    ready().then((registration) =>
      registration.showNotification("Campañas SMS", {
        body: n === 1 ? "Hay una respuesta sin leer." : `Hay ${n} respuestas sin leer.`,
        tag: "respuestas",
      }),
    );
  };
})();
document.addEventListener("htmx:afterSwap", () => {
  const count = document.getElementById("sin-leer");
  const copy = document.querySelector("[data-copia-sin-leer]"); // a phone's menu is closed
  if (count && copy && copy.textContent !== count.textContent) copy.innerHTML = count.innerHTML;
  if (!count?.dataset.ultimo) return;
  const last = Number(count.dataset.ultimo);
  const known = Number(localStorage.getItem("ultima-respuesta") ?? -1);
  if (last <= known) return;
  localStorage.setItem("ultima-respuesta", last);
  if (known >= 0 && document.hidden && avisos) avisos(Number(count.dataset.n));
});
