// The message editor: counts as one types, marks the letters that force UCS-2, and shows the message in the phone.
"use strict";

(() => {
  const editor = document.querySelector("[data-editor]");
  if (!editor) return;
  const form = editor.closest("form");
  const text = editor.querySelector("textarea");
  const ground = editor.querySelector(".editor-fondo");
  const NOMBRE = "{nombre}";
  const ENLACE = "{enlace_baja}";
  const number = new Intl.NumberFormat("es-CO");
  const { primero, largo, maximo, enlace } = editor.dataset;
  const longest = largo || primero || "Cliente";

  const plural = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many}`;
  // The link first, as the engine does it. A function: in a text "$&" would mean something to replaceAll.
  const render = (name) => text.value.replaceAll(ENLACE, () => enlace).replaceAll(NOMBRE, () => name);
  const personal = () => text.value.includes(NOMBRE);

  // A layer under the text repeats it, with the letters at fault marked.
  const mark = () => {
    ground.replaceChildren(
      ...segmentos.graphemes(text.value).map((g) => {
        if (segmentos.esGsm7(g)) return document.createTextNode(g);
        const letter = document.createElement("mark");
        letter.textContent = g;
        return letter;
      }),
      "\n", // the last line end has a height only if something follows it
    );
    ground.scrollTop = text.scrollTop;
  };

  const count = () => {
    const rendered = render(longest);
    const found = segmentos.contar(rendered);
    const length = [...rendered].length;
    const parts = [
      plural(length, "carácter", "caracteres"),
      found.encoding,
      plural(found.segmentos, "segmento", "segmentos"),
      length > Number(maximo) ? `el máximo es ${number.format(maximo)}` : `caben ${number.format(found.quedan)} más`,
    ];
    const line = editor.querySelector("[data-cuenta-viva]");
    line.textContent = parts.join(" · ") + (personal() && largo ? ", con el nombre más largo" : "");
    line.classList.toggle("texto-falla", length > Number(maximo));
    return line.textContent;
  };

  const show = (found, where, list) => {
    editor.querySelector(where).hidden = found.length === 0;
    editor.querySelector(list).replaceChildren(
      ...found.flatMap((each) => {
        const letter = document.createElement("mark");
        letter.className = "letra";
        letter.textContent = each;
        return [letter, " "];
      }),
    );
  };

  // What nobody sees is shown by its name.
  const letters = () => {
    const seen = segmentos.letrasUcs2(text.value).filter((each) => segmentos.sinInvisibles(each) === each);
    show(seen, "[data-ucs2]", "[data-letras]");
    show(segmentos.invisibles(text.value), "[data-invisibles]", "[data-nombres]");
  };

  const phone = () => {
    const shown = document.querySelector("[data-telefono]");
    if (!shown) return;
    shown.hidden = !text.value.trim();
    const say = (which, name, what) => {
      shown.querySelector(`[data-burbuja=${which}]`).textContent = render(name);
      shown.querySelector(`[data-pie=${which}]`).textContent = what;
    };
    say("primero", primero || "Cliente", primero ? `Así lo recibe ${primero}` : "Así se lee");
    const apart = personal() && largo !== "" && largo !== primero;
    shown.querySelector("[data-mas-largo]").hidden = !apart;
    if (apart) {
      const found = segmentos.contar(render(largo));
      say("largo", largo, `El más largo: ${largo} · ${found.encoding} · ${plural(found.segmentos, "segmento", "segmentos")}`);
    }
  };

  // Said aloud only when the typing rests.
  let resting;
  const update = () => {
    mark();
    letters();
    phone();
    const said = count();
    clearTimeout(resting);
    resting = setTimeout(() => {
      editor.querySelector("[data-cuenta-dicha]").textContent = said;
    }, 1500);
  };

  // As if typed, so that the browser's own undo takes it back.
  const put = (value, everything) => {
    text.focus();
    if (everything) text.select();
    if (!document.execCommand("insertText", false, value)) {
      text.setRangeText(value, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  // A chosen template fills the text at once, unless a person has typed: then its button is there to say so.
  const templates = document.getElementById("plantilla");
  templates?.addEventListener("change", () => {
    const chosen = templates.selectedOptions[0].dataset.mensaje;
    const untouched = [...templates.options].some((option) => option.dataset.mensaje === text.value);
    if (chosen && (!text.value.trim() || untouched)) put(chosen, true);
  });

  text.addEventListener("input", update);
  text.addEventListener("scroll", () => { ground.scrollTop = text.scrollTop; });
  form.addEventListener("click", (event) => {
    const insert = event.target.closest("[data-inserta]");
    if (insert) {
      event.preventDefault();
      put(insert.dataset.inserta, false);
    }
    const action = event.target.closest("button[name=accion]")?.value;
    if (action === "sin_tildes") {
      event.preventDefault();
      put(segmentos.transliterar(text.value), true);
    }
    if (action === "sin_invisibles") {
      event.preventDefault();
      put(segmentos.sinInvisibles(text.value), true);
    }
    if (action === "plantilla") {
      event.preventDefault();
      const option = document.getElementById("plantilla").selectedOptions[0];
      if (option.dataset.mensaje) put(option.dataset.mensaje, true);
    }
  });

  editor.classList.add("editor-vivo");
  editor.querySelectorAll("[data-inserta]").forEach((button) => { button.hidden = false; });
  update();
})();
