// What a text costs, as campaigns/mensaje/partes.py counts it; a test holds the two together over one table of texts.
"use strict";

const segmentos = (() => {
  const BASIC = new Set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
      "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
  );
  const EXTENSION = new Set("\f^{}\\[~]|€");
  const PLAIN = new Map(Object.entries({
    "á": "a", "í": "i", "ó": "o", "ú": "u", "Á": "A", "Í": "I", "Ó": "O", "Ú": "U",
    "ç": "Ç", "º": "o", "ª": "a", "«": '"', "»": '"', "“": '"', "”": '"', "‘": "'", "’": "'", "´": "'",
    "`": "'", "–": "-", "—": "-", "…": "...", "•": "-", "\u00a0": " ", "\u202f": " ", "\t": " ",
  }));
  const segmenter = new Intl.Segmenter("es", { granularity: "grapheme" });

  const inGsm7 = (c) => BASIC.has(c) || EXTENSION.has(c);
  const esGsm7 = (text) => [...text].every(inGsm7);
  const graphemes = (text) => Array.from(segmenter.segment(text), (part) => part.segment);

  const split = (encoding, sizes, single, part) => {
    const unidades = sizes.reduce((sum, size) => sum + size, 0);
    if (unidades <= single) return { encoding, unidades, segmentos: 1, quedan: single - unidades };
    let parts = 1;
    let used = 0;
    for (const size of sizes) {
      if (used + size > part) {
        parts += 1;
        used = 0;
      }
      used += size;
    }
    return { encoding, unidades, segmentos: parts, quedan: part - used };
  };

  // quedan: how many more units fit before another segment is billed.
  const contar = (text) =>
    esGsm7(text)
      ? split("GSM-7", Array.from(text, (c) => (EXTENSION.has(c) ? 2 : 1)), 160, 153)
      : split("UCS-2", graphemes(text).map((g) => g.length), 70, 67);

  const letrasUcs2 = (text) => [...new Set(graphemes(text).filter((g) => !esGsm7(g)))];

  const withoutAccent = (c) => {
    const [base] = c.normalize("NFKD");
    return /^[A-Za-z0-9]$/.test(base) ? base : c;
  };

  const transliterar = (text) => {
    const plain = Array.from(text.normalize("NFC"), (c) => PLAIN.get(c) ?? c).join("");
    return Array.from(plain, (c) => (inGsm7(c) ? c : withoutAccent(c))).join("");
  };

  return { contar, esGsm7, graphemes, letrasUcs2, transliterar };
})();
