// Passkeys: a form that the browser fills in with what the person's device signed.
"use strict";

const form = document.querySelector("[data-llave]");
const known = window.PublicKeyCredential;
if (form && known && known.parseCreationOptionsFromJSON && known.parseRequestOptionsFromJSON) {
  const missing = document.querySelector("[data-llave-falta]");
  if (missing) missing.hidden = true;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const options = JSON.parse(form.dataset.opciones);
    const error = form.querySelector("[data-llave-error]");
    error.hidden = true;
    try {
      const made = form.dataset.llave === "create"
        ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) });
      form.elements.respuesta.value = JSON.stringify(made.toJSON());
    } catch {
      error.hidden = false;
      return;
    }
    form.submit();
  });
}
