// Keeps what a person types into a form[data-borrador] until it is sent, for when a session ends meanwhile: the tab keeps
// it, and forgets it when it is closed. A form of several steps asks whether to go on where it was.
"use strict";

(() => {
  // Others sit at the same tab: each person's drafts carry their id, and those of others go.
  const persona = document.querySelector("meta[name=persona]")?.content;
  if (!persona) return;
  const TODOS = "borrador:";
  const CLAVE = `${TODOS}${persona}:`;
  // What a step carries beside what a person chose: each page brings its own.
  const NUESTROS = new Set(["csrfmiddlewaretoken", "clave", "total", "revisada", "revisada_para", "visto", "accion"]);
  const fields = (form) => [...new FormData(form)].filter(([name, value]) => !NUESTROS.has(name) && typeof value === "string");
  const read = (key) => JSON.parse(sessionStorage.getItem(CLAVE + key) ?? "null");
  const forget = (key) => sessionStorage.removeItem(CLAVE + key);

  // What the page itself put into the form, whatever the browser or a person has done since.
  const initial = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.defaultChecked;
    if (field.options) return [...field.options].filter((option) => option.defaultSelected).map((option) => option.value);
    return field.defaultValue ?? "";
  };
  const given = (form) =>
    JSON.stringify(
      [...form.elements]
        .filter((field) => field.name && field.type !== "hidden" && !NUESTROS.has(field.name))
        .map((field) => [field.name, initial(field)]),
    );
  const isTyped = (field) => field?.dispatchEvent && field.value !== undefined && !["hidden", "checkbox", "radio"].includes(field.type);

  const say = (form, text, actions) => {
    const notice = document.createElement("div");
    notice.className = "aviso tono-activo borrador";
    notice.setAttribute("role", "status");
    const words = document.createElement("span");
    words.append(text, " ");
    for (const [label, act] of actions) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "enlace";
      button.textContent = label;
      button.addEventListener("click", () => {
        notice.remove();
        act();
      });
      words.append(button, " ");
    }
    notice.append(words);
    form.before(notice);
  };

  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(TODOS) && !key.startsWith(CLAVE)) sessionStorage.removeItem(key);
  }
  // The form before this page was taken: core/pages/borrador.py. The cookie stays for the tab that has that draft.
  const [, cookie, saved] = document.cookie.match(/(?:^|; )((?:__Host-)?borrador_guardado)=([^;]*)/) ?? [];
  if (saved && read(saved)) {
    forget(saved);
    document.cookie = `${cookie}=; Max-Age=0; Path=/; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  }

  for (const form of document.querySelectorAll("form[data-borrador]")) {
    const key = form.dataset.borrador;
    const draft = read(key);
    const kept = draft?.valores;
    let inicial = given(form);
    const save = () => sessionStorage.setItem(CLAVE + key, JSON.stringify({ inicial, valores: fields(form) }));
    form.addEventListener("input", (event) => {
      // Back brings a step again, whose campaign may have been created, and app.js says that it is filled in.
      if (event.isTrusted || form.dataset.pasos === undefined) save();
    });
    form.addEventListener("submit", save);
    if (!kept) continue;
    if (form.dataset.pasos !== undefined) {
      // The first step, as it is when one comes anew, is all that a lost session leaves.
      const typed = kept.some(([name, value]) => name === "mensaje" && value.trim());
      if (!typed || form.dataset.pasos !== "comienzo") continue;
      const goOn = () => {
        const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
        const again = document.createElement("form");
        again.method = "post";
        again.action = form.action;
        for (const [name, value] of [...kept, ["csrfmiddlewaretoken", token], ["accion", "mensaje"]]) {
          const field = document.createElement("input");
          Object.assign(field, { type: "hidden", name, value });
          again.append(field);
        }
        document.body.append(again);
        again.submit();
      };
      say(form, "Quedó una campaña sin terminar.", [["Seguir donde iba", goOn], ["Descartarla", () => forget(key)]]);
      continue;
    }
    const changed = kept.filter(([name, value]) => isTyped(form.elements[name]) && form.elements[name].value !== value);
    if (changed.length === 0 || form.querySelector("[aria-invalid]")) {
      inicial = draft.inicial; // the form came back with what was typed
    } else if (draft.inicial !== inicial) {
      forget(key); // somebody has changed it since: the draft would put back what was before
    } else {
      for (const [name, value] of changed) {
        const field = form.elements[name];
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      const undo = () => {
        forget(key);
        form.reset();
        form.querySelectorAll("textarea").forEach((text) => text.dispatchEvent(new Event("input", { bubbles: true })));
        forget(key);
      };
      say(form, "Se recuperó lo que había escrito.", [["Descartarlo", undo]]);
    }
  }
})();
