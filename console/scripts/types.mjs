// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors

// Makes src/api/schema.ts, the types of what the hub takes and gives, of the schemas in catalog/api. Written only when
// it changes. Usage: node scripts/types.mjs [CATALOG]
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const catalog = process.argv[2] ?? join(here, "../../catalog/api");
const out = join(here, "../src/api/schema.ts");

const typeName = (name) => name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function union(types) {
	const all = [...new Set(types)];
	return all.length === 1 ? all[0] : all.map((one) => (/[&|]/.test(one) ? `(${one})` : one)).join(" | ");
}

function members(schema, indent) {
	const required = new Set(schema.required ?? []);
	const lines = Object.entries(schema.properties ?? {}).map(
		([name, of]) => `${indent}\t${key(name)}${required.has(name) ? "" : "?"}: ${type(of, indent + "\t")};`,
	);
	const more = schema.additionalProperties;
	if (more && typeof more === "object") lines.push(`${indent}\t[name: string]: ${type(more, indent + "\t")};`);
	else if (more === undefined || more === true) lines.push(`${indent}\t[name: string]: unknown;`);
	return lines.length ? `{\n${lines.join("\n")}\n${indent}}` : "Record<string, never>";
}

function one(name, schema, indent) {
	switch (name) {
		case "object":
			return members(schema, indent);
		case "array": {
			const item = type(schema.items ?? {}, indent);
			return /[&| ]/.test(item) && !item.startsWith("{") ? `Array<${item}>` : `${item}[]`;
		}
		case "integer":
		case "number":
			return "number";
		case "string":
		case "boolean":
		case "null":
			return name;
		default:
			return "unknown";
	}
}

function type(schema, indent = "") {
	if (schema === true || schema === undefined) return "unknown";
	if (schema.$ref) return typeName(basename(schema.$ref));
	if ("const" in schema) return JSON.stringify(schema.const);
	if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
	const alternatives = schema.oneOf ?? schema.anyOf;
	if (alternatives) return union(alternatives.map((each) => type(each, indent)));
	if (schema.allOf) return schema.allOf.map((each) => type(each, indent)).join(" & ");
	if (Array.isArray(schema.type)) return union(schema.type.map((each) => one(each, schema, indent)));
	return one(schema.type ?? (schema.properties ? "object" : ""), schema, indent);
}

const names = readdirSync(catalog).filter((name) => name.endsWith(".json")).sort();
const text = [
	"// SPDX-License-Identifier: Apache-2.0",
	"// SPDX-FileCopyrightText: The Hinomi authors",
	"",
	"// Made of catalog/api by scripts/types.mjs.",
	...names.map((name) => {
		const schema = JSON.parse(readFileSync(join(catalog, name), "utf8"));
		return `\nexport type ${typeName(basename(name, ".json"))} = ${type(schema)};`;
	}),
	"",
].join("\n");
if (!existsSync(out) || readFileSync(out, "utf8") !== text) writeFileSync(out, text);
