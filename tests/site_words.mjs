// Reads the texts that test_site_words.py hands over on the standard input with the site's Words, and prints for each its
// tokens, or the sentence that refuses it, as JSON: node site_words.mjs FOLDER_OF_THE_MODULES < texts.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { Words } = await import(pathToFileURL(process.argv[2] + "/words.js").href);
const { vocabulary, length, texts } = JSON.parse(readFileSync(0, "utf8"));
const words = new Words(vocabulary, length);

const read = (text) => {
  try {
    return [...words.encode(text)];
  } catch (error) {
    return error.message;
  }
};
console.log(JSON.stringify(texts.map(read)));
