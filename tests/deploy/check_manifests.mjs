// Checks Kubernetes objects (YAML, from the files that are named) by their schemas: the values by the schemas' own checks,
// and names that no schema has by TypeScript's. Prints each mistake; exits 1 where there is one.
//
//   node check_manifests.mjs SCRATCH_FOLDER FILE...
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.env.MANIFEST_MODULES);
const require = createRequire(join(modules, "node_modules", "x.js"));
const YAML = require("yaml");

const CUSTOM = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator" };

// The package that has the schema of an object.
function packageOf(apiVersion) {
  const group = apiVersion.split("/")[0];
  return `${CUSTOM[group] ?? "kubernetes-models"}/${apiVersion}`;
}

async function classOf(object) {
  const name = packageOf(object.apiVersion);
  const file = join(modules, "node_modules", name, "index.js");
  if (!existsSync(file)) throw new Error(`no schema for ${object.apiVersion}`);
  const found = (await import(pathToFileURL(file)))[object.kind];
  if (!found) throw new Error(`no schema for ${object.kind} of ${object.apiVersion}`);
  return found;
}

const [scratch, ...files] = process.argv.slice(2);
const mistakes = [];
const declarations = [];
const places = [];
let objects = 0;
for (const file of files) {
  for (const document of YAML.parseAllDocuments(readFileSync(file, "utf8"))) {
    if (document.errors.length > 0) {
      mistakes.push(`${file}: ${document.errors[0].message}`);
      continue;
    }
    const object = document.toJS();
    if (object === null) continue;
    // kustomize wraps base64, which Kubernetes takes (Go's decoder skips line ends) and the schema's check doesn't.
    if (object.kind === "Secret") {
      for (const [key, value] of Object.entries(object.data ?? {})) object.data[key] = value.replaceAll("\n", "");
    }
    const place = `${file}: ${object.kind} ${object.metadata?.name}`;
    try {
      const Kind = await classOf(object);
      new Kind(object).validate();
    } catch (error) {
      mistakes.push(`${place}: ${error.message}`);
      continue;
    }
    objects += 1;
    // One line an object, so that a mistake's line says which.
    declarations.push(
      `export const o${places.length}: import("${packageOf(object.apiVersion)}").I${object.kind} = ${JSON.stringify(object)};`,
    );
    places.push(place);
  }
}

mkdirSync(scratch, { recursive: true });
const link = join(scratch, "node_modules");
if (!existsSync(link)) symlinkSync(resolve(modules, "node_modules"), link);
writeFileSync(join(scratch, "package.json"), '{"type": "module"}');
writeFileSync(join(scratch, "objects.ts"), declarations.join("\n") + "\n");
try {
  execFileSync(
    process.execPath,
    [join(modules, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022",
      "--module", "nodenext", "--pretty", "false", "objects.ts"],
    { cwd: scratch, encoding: "utf8" },
  );
} catch (error) {
  for (const line of String(error.stdout).split("\n")) {
    const at = /^objects\.ts\((\d+),\d+\): (.*)$/.exec(line);
    if (at) mistakes.push(`${places[Number(at[1]) - 1]}: ${at[2]}`);
  }
  if (mistakes.length === 0) mistakes.push(String(error.stdout || error.message));
}
for (const mistake of mistakes) console.log(mistake);
if (objects === 0) console.log("no objects");
else if (mistakes.length === 0) console.log(`${objects} objects pass`);
process.exit(mistakes.length > 0 || objects === 0 ? 1 : 0);
