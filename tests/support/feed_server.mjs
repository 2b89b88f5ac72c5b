// SPDX-License-Identifier: Apache-2.0
// A stand-in for the national registry. It applies each idempotency key once and in order, and misbehaves by a script:
//   node feed_server.mjs STATE.json [CERT.pem KEY.pem]
// STATE.json: { "script": ["drop-before", ...], "applied": [...], "deliveries": n, "doubles": n }; rewritten after each
// delivery. One word of the script is used up by each delivery; when it is empty the server behaves.
// The first line on stdout is the port.
import { createServer as http } from "node:http";
import { createServer as https } from "node:https";
import { readFileSync, writeFileSync } from "node:fs";

const [stateFile, cert, key] = process.argv.slice(2);
const state = { applied: [], deliveries: 0, doubles: 0, faults: [], ...JSON.parse(readFileSync(stateFile, "utf8")) };
const save = () => writeFileSync(stateFile, JSON.stringify(state));

function apply(id, body, sequence) {
	if (state.applied.some((e) => e.key === id)) {
		state.doubles++;
		return false;
	}
	state.applied.push({ key: id, body, sequence });
	return true;
}

function answer(res, status, body) {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	res.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
	res.end(text);
}

function handle(req, res, text) {
	const id = (req.headers["idempotency-key"] ?? "").replaceAll('"', "");
	const word = state.script.shift() ?? "good";
	const body = JSON.parse(text);
	const sequence = Number(req.headers["cccd-sequence"]);

	state.deliveries++;
	state.token = req.headers.authorization ?? "";
	if (word !== "good") state.faults.push(word);
	switch (word) {
	case "drop-before": // nothing happened, and no answer
		req.socket.destroy();
		break;
	case "drop-after": // the work is done, the answer is lost
		apply(id, body, sequence);
		req.socket.destroy();
		break;
	case "cut-answer": // half of an answer
		apply(id, body, sequence);
		res.writeHead(200, { "Content-Type": "application/json", "Content-Length": 500 });
		res.write('{"key":"');
		setImmediate(() => req.socket.destroy());
		break;
	case "500":
		answer(res, 500, { key: id });
		break;
	case "500-after":
		apply(id, body, sequence);
		answer(res, 500, { key: id });
		break;
	case "401":
		answer(res, 401, { error: "token" });
		break;
	case "html":
		answer(res, 200, "<html>Sign in</html>");
		break;
	case "redirect":
		res.writeHead(307, { Location: "/elsewhere" });
		res.end();
		break;
	case "flood":
		answer(res, 200, JSON.stringify({ key: id, x: "y".repeat(1 << 20) }));
		break;
	case "refuse":
		answer(res, 422, { key: id });
		break;
	default:
		answer(res, apply(id, body, sequence) ? 201 : 409, { key: id });
	}
	save();
}

const listen = (req, res) => {
	let text = "";
	req.on("data", (d) => (text += d));
	req.on("end", () => handle(req, res, text));
};
const server = cert ? https({ cert: readFileSync(cert), key: readFileSync(key) }, listen) : http(listen);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
