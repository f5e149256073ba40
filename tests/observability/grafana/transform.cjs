// Runs panels' transformations with Grafana's own library: `node transform.cjs 11|12`. A job a line on standard
// input, its frames a line on standard output, both as JSON.
const Module = require("node:module");
const { createInterface } = require("node:readline");

// The library is made for the browser; what its hooks and stores reach for while loading is of no use here.
const nothing = new Proxy(function () {}, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => "" : nothing),
  apply: () => nothing,
  construct: () => nothing,
});
const load = Module._load;
Module._load = (request, ...rest) =>
  /^(react(-dom|-use)?(\/.*)?|@grafana\/i18n.*)$/.test(request) ? nothing : load(request, ...rest);
globalThis.window = { addEventListener() {} };
console.time = console.timeEnd = () => {};

const grafana = require(`grafana-data-${process.argv[2]}`);
const { lastValueFrom } = require("rxjs");

const known = new Map(Object.values(grafana.standardTransformers).map((each) => [each.id, each]));
grafana.standardTransformersRegistry.setInit(() =>
  [...known.values()].map((each) => ({ id: each.id, name: each.name, transformation: each })),
);

async function run({ frames, transformations }) {
  for (const { id } of transformations) {
    if (!known.has(id)) throw new Error(`Grafana knows no transformation ${id}`);
  }
  const data = frames.map((frame) => grafana.toDataFrame(frame));
  const done = await lastValueFrom(grafana.transformDataFrame(transformations, data));
  return done.map((frame) => ({
    refId: frame.refId,
    fields: frame.fields.map((field) => ({
      name: grafana.getFieldDisplayName(field, frame, done),
      type: field.type,
      values: [...field.values],
    })),
  }));
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await run(JSON.parse(line)).then(
      (frames) => ({ frames }),
      (error) => ({ error: error.stack }),
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main();
