// Words of prompts.py in JavaScript: a prompt becomes tokens, or one sentence says why not. It is the same sentence, and
// the same advice, as in the lesson; tests/test_site_words.py compares.

const ALIKE = new Map(
  Object.entries({ gray: "grey", donut: "doughnut", armor: "armour", colorful: "colourful", traveler: "traveller" }),
);
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"; // as Python has it
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g"),
  STRANGE = new RegExp(`[^a-z,${SPACE}-]`, "u");

/** A single character between quotes, as Python shows it. */
function quoted(character) {
  if (character === "'") return `"'"`;
  if (character === "\\") return `'\\\\'`;
  if (!/[\p{C}\p{Z}]/u.test(character)) return `'${character}'`;
  const code = character.codePointAt(0).toString(16);
  const [letter, digits] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return `'\\${letter}${code.padStart(digits, "0")}'`;
}

/** The words and commas of a text, in lower case; a full stop, and other marks at the end, do not count. */
export function splitWords(text) {
  text = text.toLowerCase().replace(AROUND, "").replace(/[.!?]+$/, "").replaceAll("’", "'");
  const strange = text.match(STRANGE);
  if (strange) {
    throw new Error(`a prompt is made of letters, hyphens and commas: ${quoted(strange[0])} means nothing here`);
  }
  return text.match(/[a-z]+(?:-[a-z]+)*|,/g) ?? [];
}

/** How alike two words are, as Python's difflib counts it: twice the letters in common, of all letters. */
function alike(a, b) {
  return (2 * common(a, b)) / (a.length + b.length);
}

/** The letters of the longest piece that both have (the first, if there are several), and of those on its two sides. */
function common(a, b) {
  let size = 0,
    i = 0,
    j = 0;
  for (let p = 0; p < a.length; p++) {
    for (let q = 0; q < b.length; q++) {
      let k = 0;
      while (p + k < a.length && q + k < b.length && a[p + k] === b[q + k]) k++;
      if (k > size) [size, i, j] = [k, p, q];
    }
  }
  return size && size + common(a.slice(0, i), b.slice(0, j)) + common(a.slice(i + size), b.slice(j + size));
}

/** The word of a list that is most like this one, if one is enough so; of two that are, the last in the alphabet. */
function nearest(word, words, enough = 0.75) {
  return words
    .map((other) => [alike(other, word), other])
    .filter(([score]) => score >= enough)
    .reduce((best, one) => (!best || one[0] > best[0] || (one[0] === best[0] && one[1] > best[1]) ? one : best), null);
}

/** A word-level tokenizer: each word of a vocabulary has a number from 1 on, and 0 fills a row up to `length`. */
export class Words {
  constructor(vocabulary, length = 32) {
    Object.assign(this, { vocabulary, length });
    this.number = new Map(vocabulary.map((word, i) => [word, i + 1]));
  }

  /** The word of the vocabulary that is meant: as it stands, in another number, or in its other spelling. */
  known(word) {
    const singular = [
      ...(word.endsWith("ies") ? [word.slice(0, -3) + "y"] : []),
      ...(word.endsWith("ves") ? [word.slice(0, -3) + "f"] : []),
      ...(word.endsWith("s") ? [word.slice(0, -1)] : []),
      ...(word.endsWith("es") ? [word.slice(0, -2)] : []), // last: capes are no caps
    ];
    const found = [word, ALIKE.get(word), ...singular, word + "s", word + "es"].find((form) => this.number.has(form));
    if (found) return found;
    const near = nearest(word, this.vocabulary);
    const some = this.vocabulary.filter((known) => known.length > 4).map((known) => `'${known}'`);
    const such = some.join(", ").slice(0, 60);
    const hint = near
      ? `: did you mean '${near[1]}'?`
      : `; it knows ${this.vocabulary.length} words, such as ${such.slice(0, such.lastIndexOf(","))}`;
    throw new Error(`the network has never read the word '${word}'${hint}`);
  }

  /** The text of a row of tokens. */
  decode(row) {
    const words = [...row].filter((n) => n > 0).map((n) => this.vocabulary[n - 1]);
    return words.join(" ").replaceAll(" ,", ",");
  }

  /** A prompt as tokens: a Float32Array of `length` whole numbers. */
  encode(text) {
    const found = splitWords(text),
      row = new Float32Array(this.length);
    if (!found.length) {
      throw new Error("the prompt is empty: say what to draw, or leave the prompt out (c=None) to ask for nothing");
    }
    if (found.length > this.length) {
      throw new Error(`the prompt has ${found.length} words and commas, but ${this.length} are the most`);
    }
    row.set(found.map((word) => this.number.get(this.known(word))));
    return row;
  }
}
