// Keeps what a person types into a form[data-borrador] until it is sent, for when a session ends meanwhile: the tab keeps
// it, and forgets it when it is closed. A form of several steps asks whether to go on where it was.
"use strict";

(() => {
  const CLAVE = "borrador:";
  // What a step carries beside what a person chose: each page brings its own.
  const NUESTROS = new Set(["csrfmiddlewaretoken", "clave", "total", "revisada", "revisada_para", "visto", "accion"]);
  const fields = (form) => [...new FormData(form)].filter(([name, value]) => !NUESTROS.has(name) && typeof value === "string");
  const read = (key) => JSON.parse(sessionStorage.getItem(CLAVE + key) ?? "null");
  const forget = (key) => sessionStorage.removeItem(CLAVE + key);

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

  // What was sent and is shown now is no draft any more.
  const isSent = (form, kept) => {
    const typed = kept.find(([name]) => name === "mensaje")?.[1].trim();
    const client = form.querySelector("[data-primero]")?.dataset.primero ?? "";
    const shown = [...document.querySelectorAll(".globo-enviado .burbuja")].map((bubble) => bubble.lastChild.textContent.trim());
    return !typed || shown.includes(typed) || shown.includes(typed.replaceAll("{nombre}", () => client));
  };

  // A campaign's own page comes after the form of several steps when it was created.
  if (document.querySelector(".campana-pagina")) forget("campana-nueva");

  for (const form of document.querySelectorAll("form[data-borrador]")) {
    const key = form.dataset.borrador;
    const kept = read(key);
    const save = () => sessionStorage.setItem(CLAVE + key, JSON.stringify(fields(form)));
    form.addEventListener("input", save);
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
    } else if (form.querySelector("[aria-invalid]") || isSent(form, kept)) {
      if (isSent(form, kept)) forget(key);
    } else {
      let changed = false;
      for (const [name, value] of kept) {
        const field = form.elements[name];
        if (!field || field.value === undefined || field.type === "hidden" || field.value === value) continue;
        if (field.type === "checkbox" || field.type === "radio") continue;
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        changed = true;
      }
      const undo = () => {
        forget(key);
        form.reset();
        form.querySelectorAll("textarea").forEach((text) => text.dispatchEvent(new Event("input", { bubbles: true })));
        forget(key);
      };
      if (changed) say(form, "Se recuperó lo que había escrito.", [["Descartarlo", undo]]);
    }
  }
})();
