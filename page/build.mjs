// Builds gateway/page/ from this folder: `npm ci && npm run build`. The output is committed, so that nobody
// needs Node to run the page; the same sources and lock give the same bytes.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { world } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const page = join(here, "..", "gateway", "page");

/** Digest of everything that the output is made from; the tests compare it, so that the output is never stale. */
function digestOfSources() {
  const files = readdirSync(here, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name !== "built.sha256")
    .map((each) => relative(here, join(each.parentPath, each.name)))
    .filter((file) => !file.startsWith("node_modules"))
    .sort();
  const digest = createHash("sha256");
  for (const file of files) digest.update(file).update("\0").update(readFileSync(join(here, file))).update("\0");
  return digest.digest("hex");
}

function licences() {
  const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  const texts = ["The live page of Weather Tweets is under the Apache License 2.0. It is built with:"];
  for (const [path, { version, license, dev }] of Object.entries(packages).sort()) {
    if (!path || dev) continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((each) => join(here, path, each)).find(existsSync);
    texts.push(`${name} ${version} (${license})\n\n${readFileSync(file, "utf8").trim()}`);
  }
  texts.push("Map data: Natural Earth (naturalearthdata.com), public domain.");
  return `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

rmSync(page, { recursive: true, force: true });
mkdirSync(page, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.ts", style: "style.css" },
  outdir: page,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  loader: { ".woff2": "copy" },
  assetNames: "[name]",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) copyFileSync(join(here, file), join(page, file));
writeFileSync(join(page, "world.json"), JSON.stringify(world()));
writeFileSync(join(page, "LICENSES.txt"), licences());
writeFileSync(join(here, "built.sha256"), `${digestOfSources()}\n`);
