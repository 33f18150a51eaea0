// Bundles the review page: node build/page.mjs OUTDIR writes index.html, app.js and app.css there.
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const out = process.argv[2];
if (!out) {
    console.error("Give the folder to write to: node build/page.mjs OUTDIR");
    process.exit(2);
}

const page = join(dirname(fileURLToPath(import.meta.url)), "../src/Review/Page");
await mkdir(out, { recursive: true });
await build({
    entryPoints: [join(page, "app.ts"), join(page, "app.css")],
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    tsconfig: join(page, "tsconfig.json"),
    legalComments: "eof",
    logLevel: "warning",
});
await copyFile(join(page, "index.html"), join(out, "index.html"));
