// What must hold of a running installation: each check is a name and a function that throws.
const TYPES = ["mysql", "sqlite", "video"];
const WORDS = ["success", "not_available", "offline", "unknown", "error"];
const OVERALL = ["success", "partial", "no_backups", "unknown", "error"];
const PROBLEM = { title: "string", status: "number", detail: "string", code: "string" };
const MOST_SECONDS = 5;
const COMMON = {
  available: "boolean", status: "string", processing: "boolean", size: "number",
  last_backup: "number", directory: "string",
};
const OWN = {
  mysql: { records: "number", message: "string" },
  sqlite: { files: "number" },
  video: { files: "number", size_human: "string" },
};
const LISTS = ["devices", "services", "snapshots", "experiments", "recordings", "videos"];

export class NeedsLogin extends Error {}

function hold(condition, text) {
  if (!condition) throw new Error(text);
}

function hasKeys(value, keys, what) {
  const found = value && typeof value === "object" ? Object.keys(value) : [];
  hold(found.join() === keys.join(), `${what}: has ${found.join(", ") || "no parts"}`);
}

function hasTypes(value, types, what) {
  for (const [name, type] of Object.entries(types)) {
    hold(typeof value?.[name] === type, `${what}: ${name} is ${JSON.stringify(value?.[name])}`);
  }
}

async function answer(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  const kind = response.headers.get("Content-Type") || "";
  hold(kind.includes("json"), `${path}: answers ${response.status} with ${kind}`);
  return { status: response.status, body: await response.json() };
}

async function readable(path) {
  const { status, body } = await answer(path);
  if (status === 401 || status === 403) {
    hasTypes(body, PROBLEM, path);
    throw new NeedsLogin();
  }
  hold(status === 200, `${path}: answers ${status}`);
  return body;
}

function blocks(status) {
  return Object.entries(status.devices).flatMap(([device, told]) =>
    TYPES.map((type) => ({ device, type, block: told.backup_types[type] })));
}

function checkServices(status) {
  hasKeys(status.services, ["mysql_backup", "rsync_backup"], "services");
  for (const [name, told] of Object.entries(status.services)) {
    hasKeys(told, ["available", "current_device", "current_file"], name);
    hasTypes(told, { available: "boolean" }, name);
    hold(told.available === status.summary[`${name}_available`], `${name}: told in two ways`);
  }
  const up = Object.values(status.services).filter((told) => told.available).length;
  return `${up} of 2 available`;
}

function checkTypes(status) {
  for (const [device, told] of Object.entries(status.devices)) {
    hasKeys(told, ["backup_types", "overall_status"], device);
    hasKeys(told.backup_types, TYPES, device);
  }
  for (const { device, type, block } of blocks(status)) {
    hasTypes(block, { ...COMMON, ...OWN[type] }, `${device} ${type}`);
  }
  return `${Object.keys(status.devices).length} devices`;
}

function checkWords(status) {
  for (const { device, type, block } of blocks(status)) {
    hold(WORDS.includes(block.status), `${device} ${type}: says “${block.status}”`);
  }
  for (const [device, told] of Object.entries(status.devices)) {
    hold(OVERALL.includes(told.overall_status), `${device}: says “${told.overall_status}”`);
  }
}

function checkGreen(status) {
  const green = blocks(status).filter(({ block }) => block.status === "success");
  for (const { device, type, block } of green) {
    hold(block.available, `${device} ${type}: is “success” without a copy`);
    hold(block.last_backup > 0, `${device} ${type}: is “success” without a time`);
  }
  for (const [device, told] of Object.entries(status.devices)) {
    const types = Object.values(told.backup_types).map((block) => block.status);
    const whole = types.every((word) => word === "success" || word === "not_available");
    hold(told.overall_status !== "success" || whole, `${device}: is “success” as a whole`);
  }
  return `${green.length} backups are green`;
}

async function checkDevices(status) {
  const some = Object.keys(status.devices).slice(0, 5);
  for (const device of some) {
    const told = await readable(`/device/${encodeURIComponent(device)}/backup`);
    hasKeys(told, ["device_id", "databases", "backup_status", "recommended_backup_type",
      "supports_video_backup"], device);
    hasKeys(told.backup_status, [...TYPES, "total_databases"], device);
    hold(told.device_id === device, `${device}: is answered as ${told.device_id}`);
    hold(["rsync", "mysql", "none"].includes(told.recommended_backup_type), device);
  }
  return `${some.length} devices`;
}

async function checkUnknownDevice() {
  const { body } = await answer("/device/0990000000000000000000000000abcd/backup");
  hasTypes(body, { error: "string" }, "an unknown device");
  return body.error;
}

async function checkList(name) {
  const body = await readable(`/api/v1/${name}/?limit=5`);
  hold(Array.isArray(body.results), `${name}: has no results`);
  return "count" in body ? `${body.count} in all` : "";
}

async function checkAgreement(status) {
  const { results } = await readable("/api/v1/devices/?limit=500");
  for (const row of results) {
    const told = status.devices[row.device_id]?.backup_types;
    hold(told, `${row.device_id}: is told of by the new API alone`);
    for (const [type, backup] of Object.entries(row.backups)) {
      const green = told[type].status === "success";
      hold(!green || backup.verdict === "protected",
        `${row.device_id} ${type}: “success” and ${backup.verdict}`);
    }
  }
  return `${results.length} devices compared`;
}

async function checkErrorShape() {
  const { status, body } = await answer("/api/v1/there-is-no-such-thing/");
  hold(status === 404, `answers ${status}`);
  hasTypes(body, PROBLEM, "the error");
}

async function checkAlive() {
  const response = await fetch("/healthz", { cache: "no-store" });
  hold(response.ok, `answers ${response.status}`);
}

async function checkReady() {
  const { body } = await answer("/readyz");
  hasTypes(body, { ready: "boolean", parts: "object", outside: "object" }, "/readyz");
  return body;
}

function checkParts(parts) {
  const failing = Object.entries(parts).filter(([, told]) => !told.ok);
  hold(!failing.length, failing.map(([name, told]) => `${name}: ${told.reason}`).join("; "));
  return Object.keys(parts).join(", ");
}

export function checks() {
  let status;
  let state;
  const told = () => {
    hold(state, "/readyz gave no answer to look at");
    return state;
  };
  const known = () => {
    hold(status, "/backup/status gave no answer to look at");
    return status;
  };
  return [
    ["The process answers", checkAlive],
    ["Its parts are named by /readyz", async () => { state = await checkReady(); }],
    ["ethonode itself is at work", () => checkParts(told().parts)],
    ["Node, services, disks and devices answer", () => checkParts(told().outside)],
    ["/backup/status answers in time", async () => {
      const began = performance.now();
      status = await readable("/backup/status");
      hold(performance.now() - began < MOST_SECONDS * 1000, `took over ${MOST_SECONDS} s`);
    }],
    ["It has its parts in their order", () => hasKeys(known(),
      ["services", "summary", "devices", "processing_devices", "timestamp"], "the status")],
    ["Both services are told as available or not", () => checkServices(known())],
    ["Numbers are numbers and flags are flags", () => checkTypes(known())],
    ["Only words that the home page knows are said", () => checkWords(known())],
    ["Nothing is green without a copy", () => checkGreen(known())],
    ["/device/<id>/backup has its parts", () => checkDevices(known())],
    ["An unknown device is an error in words", checkUnknownDevice],
    ...LISTS.map((name) => [`/api/v1/${name}/ lists`, () => checkList(name)]),
    ["The new API has a schema", () => readable("/api/v1/schema/?format=json").then(() => "")],
    ["Old and new API agree on what is green", () => checkAgreement(known())],
    ["An error of the new API has its one shape", checkErrorShape],
  ];
}
