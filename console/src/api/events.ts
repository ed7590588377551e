// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { signal } from "@preact/signals";
import { headers } from "./client";

// The hub's stream of server-sent events, read by fetch(), because EventSource sends no header of ours. It comes back by
// itself, later each time it fails, and goes on behind the last event.

export interface Told {
	event: string;
	id: string;
	data: unknown;
}
export type Live = "off" | "waiting" | "on";
export const live = signal<Live>("off");

type Listener = (told: Told) => void;
const listeners = new Set<Listener>();
let stop: AbortController | null = null;
let lastId = "";

/** Cuts whole events off the front of a text. @return them and what is left */
export function cutEvents(text: string): { events: Told[]; rest: string } {
	const events: Told[] = [];
	const parts = text.replace(/\r\n?/g, "\n").split("\n\n");
	const rest = parts.pop() ?? "";
	for (const part of parts) {
		const told: Told = { event: "message", id: "", data: null };
		const data: string[] = [];
		for (const line of part.split("\n")) {
			const colon = line.indexOf(":");
			if (colon <= 0) continue;
			const value = line.slice(colon + 1).replace(/^ /, "");
			const name = line.slice(0, colon);
			if (name === "event") told.event = value;
			else if (name === "id") told.id = value;
			else if (name === "data") data.push(value);
		}
		if (!data.length) continue;
		try {
			told.data = JSON.parse(data.join("\n"));
		} catch {
			told.data = data.join("\n");
		}
		events.push(told);
	}
	return { events, rest };
}

/** @return ends the listening */
export function listen(listener: Listener): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

async function once(control: AbortController) {
	const asked = headers("GET", { accept: "text/event-stream" });
	if (lastId) asked.set("Last-Event-ID", lastId);
	const answer = await fetch("/api/v1/events", {
		headers: asked,
		credentials: "same-origin",
		redirect: "error",
		cache: "no-store",
		signal: control.signal,
	});
	if (!answer.ok || !answer.body) throw new Error(String(answer.status));
	live.value = "on";
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const { events, rest } = cutEvents(text + value);
		text = rest;
		for (const told of events) {
			if (told.id) lastId = told.id;
			for (const listener of [...listeners]) listener(told);
		}
	}
}

export async function startEvents() {
	stopEvents();
	const control = new AbortController();
	stop = control;
	let wait = 500;
	while (!control.signal.aborted) {
		try {
			await once(control);
			wait = 500;
		} catch {
			live.value = control.signal.aborted ? "off" : "waiting";
			wait = Math.min(wait * 2, 30_000);
		}
		if (control.signal.aborted) return;
		const pause = wait * (0.75 + Math.random() / 2);
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, pause);
			control.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
		});
	}
}

export function stopEvents() {
	stop?.abort();
	stop = null;
	lastId = "";
	live.value = "off";
}
