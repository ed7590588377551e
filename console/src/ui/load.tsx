// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { newKey } from "../api/client";
import { listen, live } from "../api/events";
import { Refused, Unreachable } from "../api/problem";
import { t } from "../lang/text";
import { language } from "../preferences";
import { entered } from "../session";
import { Failure } from "./failure";

export interface Loaded<T> {
	value: T | undefined;
	error: unknown;
	busy: boolean;
	again: () => void;
}

/** Asks the hub when what it depends on changes; an answer to an older question is thrown away. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>, depends: readonly unknown[]): Loaded<T> {
	const [state, setState] = useState<{ value?: T; error?: unknown; busy: boolean }>({ busy: true });
	const [turn, setTurn] = useState(0);
	const key = JSON.stringify([language.value, ...depends]);
	const shown = useRef(key);
	useEffect(() => {
		const control = new AbortController();
		// Another question has no old answer; the same one again keeps it until the new one is there.
		setState((old) => (shown.current === key ? { ...old, busy: true } : { busy: true }));
		shown.current = key;
		ask(control.signal).then(
			(value) => !control.signal.aborted && setState({ value, busy: false }),
			(error: unknown) => {
				if (control.signal.aborted) return;
				// What was there is not there for the reader any more; or it only could not be asked for now.
				const lost = error instanceof Refused && (error.status === 403 || error.status === 404);
				setState((old) => ({ value: lost ? undefined : old.value, error, busy: false }));
			},
		);
		return () => control.abort();
	}, [key, turn, entered.value]);
	return { value: state.value, error: state.error, busy: state.busy, again: useCallback(() => setTurn((n) => n + 1), []) };
}

const SLOW_MS = 20_000; /* what the hub tells of objects alone does not show */

/** Calls when the hub says that something changed, or is back, at most once in a while; without kinds also now and then. */
export function useLive(again: () => void, kinds?: readonly string[], pause = 700) {
	const call = useRef(again);
	call.current = again;
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const soon = () => {
			timer ??= setTimeout(() => {
				timer = undefined;
				call.current();
			}, pause);
		};
		const end = listen((told) => {
			if (!kinds || kinds.includes(told.event)) soon();
		});
		let was = live.peek();
		const watched = live.subscribe((is) => {
			if (was === "waiting" && is === "on") soon();
			was = is;
		});
		const slow = kinds ? undefined : setInterval(() => document.hidden || live.peek() === "off" || soon(), SLOW_MS);
		return () => {
			end();
			watched();
			clearInterval(slow);
			clearTimeout(timer);
		};
	}, []);
}

/** Shows what was loaded, that it is coming, or why it is not there. */
export function Load<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
	if (of.value !== undefined)
		return (
			<>
				{of.error ? (
					<div class="alert warn row stale" role="status">
						<span>{t("load.stale")}</span>
						<button type="button" class="button quiet" onClick={of.again}>
							{t("action.again")}
						</button>
					</div>
				) : null}
				{children(of.value)}
			</>
		);
	if (of.error instanceof Refused && of.error.status === 404) return <div class="empty">{t("error.notThere")}</div>;
	if (of.error) return <Failure error={of.error} again={of.again} />;
	return (
		<p class="waiting" role="status">
			{t("load.waiting")}
		</p>
	);
}

export interface Sending {
	busy: boolean;
	error: unknown;
	/**
	 * Runs it once at a time; what it throws is kept and shown. The key is the same until the hub has answered, so that
	 * what is sent again because no answer came is done once. @return whether it went well
	 */
	send: (what: (key: string) => Promise<void>) => Promise<boolean>;
}

export function useSend(): Sending {
	const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
	const busy = useRef(false);
	const key = useRef("");
	return {
		...state,
		send: async (what) => {
			if (busy.current) return false;
			busy.current = true;
			key.current ||= newKey();
			setState({ busy: true, error: null });
			try {
				await what(key.current);
				key.current = "";
				setState({ busy: false, error: null });
				return true;
			} catch (error) {
				if (!(error instanceof Unreachable)) key.current = "";
				setState({ busy: false, error });
				return false;
			} finally {
				busy.current = false;
			}
		},
	};
}
