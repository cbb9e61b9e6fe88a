// Shows what app.js announces, and opens the replies when it is touched. It answers no request and keeps nothing.
"use strict";

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/respuestas/?ver=sin_leer"));
});
