// What a text costs, as campaigns/mensaje/partes.py counts it; a test holds the two together over one table of texts.
"use strict";

const segmentos = (() => {
  const BASIC = new Set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
      "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
  );
  const EXTENSION = new Set("\f^{}\\[~]|€");
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

  // The plain text, as campaigns/mensaje/plano.py makes it: see there.
  const SIGNOS = {
    "ç": "Ç", "º": "o", "ª": "a",
    "ˮʺ〃‟❝❞〝〞“”„«»″״": "\"", "‘’‛ʹʻʼʽˈˊˋ´`′‵❛❜ʿʾ՚׳": "'", "‐‑‒–—―−⁃⎼⎽﹘﹣－•": "-", "÷⁄∕⧸": "/", "⧵⧹": "\\",
    "∣⎸⎹⏐⎜⎟¦": "|", "ǃ": "!", "‚、": ",", "❨❪⟮⦅": "(", "❩❫⟯⦆": ")", "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆": "*", "˖": "+", "꞊": "=",
    "。｡": ".", "ː˸⦂꞉": ":", "⁏": ";", "‹": "<", "›": ">", "≤": "<=", "≥": ">=", "ˆ": "^", "❴": "{", "❵": "}", "˜˷∼": "~",
    "×": "x", "±": "+/-", "…": "...", "‥": "..", "‼": "!!", "⁇": "??", "⁈": "?!", "⁉": "!?", "©": "(c)", "®": "(R)",
    "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h", "Ħ": "H", "þ": "th", "Þ": "Th",
    "ð": "d", "ẞ": "SS", "\u2028\u2029\u0085\u000b": "\n", "\t": " ",
    "ᴀ": "A", "ʙ": "B", "ᴄ": "C", "ᴅ": "D", "ᴇ": "E", "ꜰ": "F", "ɢ": "G", "ʜ": "H", "ɪ": "I", "ᴊ": "J", "ᴋ": "K", "ʟ": "L",
    "ᴍ": "M", "ɴ": "N", "ᴏ": "O", "ᴘ": "P", "ʀ": "R", "ꜱ": "S", "ᴛ": "T", "ᴜ": "U", "ᴠ": "V", "ᴡ": "W", "ʏ": "Y", "ᴢ": "Z",
  };
  const TABLA = new Map(Object.entries(SIGNOS).flatMap(([signs, plain]) => Array.from(signs, (sign) => [sign, plain])));
  const NOMBRES = {
    "\u00ad": "guion opcional", "\u034f": "unión de letras", "\u061c": "marca de dirección árabe", "\u115f": "relleno",
    "\u1160": "relleno", "\u3164": "relleno", "\uffa0": "relleno", "\u180e": "separador mongol", "\u200b": "espacio de ancho cero",
    "\u200c": "separador de ancho cero", "\u200d": "unión de ancho cero", "\u200e": "marca de izquierda a derecha",
    "\u200f": "marca de derecha a izquierda", "\u202a": "marca de dirección", "\u202b": "marca de dirección",
    "\u202c": "marca de dirección", "\u202d": "marca de dirección", "\u202e": "marca de dirección",
    "\u2060": "unión de palabras", "\u2061": "signo invisible", "\u2062": "signo invisible",
    "\u2063": "signo invisible", "\u2064": "signo invisible", "\u2066": "marca de dirección",
    "\u2067": "marca de dirección", "\u2068": "marca de dirección", "\u2069": "marca de dirección",
    "\ufe0e": "selector de forma", "\ufe0f": "selector de forma", "\ufeff": "marca de orden (BOM)", "\ufff9": "anotación",
    "\ufffa": "anotación", "\ufffb": "anotación",
  };
  const ESPACIOS = {
    "\u00a0": "espacio duro", "\u1680": "espacio ogham", "\u2000": "espacio ancho", "\u2001": "espacio ancho",
    "\u2002": "espacio ancho", "\u2003": "espacio ancho", "\u2004": "espacio fino", "\u2005": "espacio fino",
    "\u2006": "espacio fino", "\u2007": "espacio de cifra", "\u2008": "espacio fino", "\u2009": "espacio fino",
    "\u200a": "espacio fino", "\u202f": "espacio duro fino", "\u205f": "espacio fino", "\u3000": "espacio ancho",
    "\u2028": "salto de línea", "\u2029": "salto de párrafo", "\u0085": "salto de línea", "\u000b": "salto de línea",
    "\t": "tabulador",
  };
  const INVISIBLES = new RegExp(`[${Object.keys(NOMBRES).join("")}\\u{e0000}-\\u{e007f}\\ufe00-\\ufe0d]`, "gu");
  const EMOJI = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;
  const COMO_SIGNO = /^[™©®‼⁉✳][\ufe0e\ufe0f]?$/u;
  const TACHADO = /[\u0334-\u0338\u20d0-\u20ff]/u;
  const MARCA = /\p{M}/gu;
  const UNIDAD = /(?:^|[^A-Za-z])(?:[mckdhM]?m|[Mm]ts?|ft|in|yd)$/;
  const CIFRA = /^[0-9¼-¾⅐-⅞↉⁰¹²³⁴-⁹①-⒛]$/u;

  const esEmoji = (grapheme) => EMOJI.test(grapheme);
  const apart = (plain, text, start, end) =>
    (CIFRA.test(text.slice(0, start).slice(-1)) ? " " : "") + plain + (/^\p{Nd}/u.test(text.slice(end, end + 2)) ? " " : "");

  const fraccion = (sign, at, text) => apart(sign.normalize("NFKD").replace("\u2044", "/"), text, at, at + sign.length);
  const enCirculo = (sign, at, text) => apart(sign.normalize("NFKD"), text, at, at + sign.length);
  const exponente = (signs, at, text) => {
    const before = text.slice(0, at);
    const plain = signs.normalize("NFKD").replaceAll("−", "-");
    const joins = /[\p{L}\p{N})\]]$/u.test(before);
    const area = (plain === "2" || plain === "3") && UNIDAD.test(before.slice(-4));
    const end = at + signs.length;
    return (joins && !area ? "^" : "") + plain + (/^\p{Nd}/u.test(text.slice(end, end + 2)) ? " " : "");
  };

  const visible = (grapheme) => {
    if (esEmoji(grapheme) || ([...grapheme].length === 1 && esGsm7(grapheme))) return grapheme;
    const plain = Array.from(grapheme, (c) => (c in ESPACIOS ? TABLA.get(c) ?? " " : c)).join("");
    return plain.replace(INVISIBLES, "");
  };

  const letra = (c) => {
    if (inGsm7(c)) return c;
    if (TABLA.has(c)) return TABLA.get(c);
    const whole = c.normalize("NFKD").replace(MARCA, "");
    const plain = Array.from(whole, (each) => TABLA.get(each) ?? each).join("");
    return plain.trim() && esGsm7(plain) ? plain : c;
  };

  const plano = (grapheme) => {
    if (esGsm7(grapheme)) return grapheme;
    const sign = COMO_SIGNO.test(grapheme);
    if (esEmoji(grapheme) && !sign) return grapheme;
    if (TACHADO.test([...grapheme].slice(0, 8).join("").normalize("NFD"))) return grapheme;
    const plain = Array.from(visible(sign ? grapheme[0] : grapheme), letra).join("");
    const bare = plain.replace(MARCA, "");
    if (bare === plain) return plain;
    return bare && esGsm7(bare) ? bare : grapheme;
  };

  const transliterar = (text) =>
    graphemes(
      text
        .normalize("NFC")
        .replace(/[¼-¾⅐-⅞↉]/gu, fraccion)
        .replace(/[⁰¹²³⁴-⁹⁺⁻ⁿⁱ]+/gu, exponente)
        .replace(/[①-⒛⓪㉑-㉟㊱-㊿]/gu, enCirculo),
    ).map(plano).join("");

  const sinInvisibles = (text) => graphemes(text).map(visible).join("");

  const nombrar = (c) => {
    if ([...c].length !== 1 || visible(c) === c) return c;
    const code = c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `${NOMBRES[c] ?? ESPACIOS[c] ?? "letra invisible"} (U+${code})`;
  };

  const invisibles = (text) => [
    ...new Set(graphemes(text).filter((g) => !esEmoji(g)).flatMap((g) => [...g]).filter((c) => visible(c) !== c)),
  ].map(nombrar);

  return { contar, esGsm7, graphemes, letrasUcs2, invisibles, sinInvisibles, transliterar };
})();
