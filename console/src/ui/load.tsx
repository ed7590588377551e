// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { listen } from "../api/events";
import { Refused } from "../api/problem";
import { t } from "../lang/text";
import { language } from "../preferences";
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
			(error: unknown) => !control.signal.aborted && setState({ error, busy: false }),
		);
		return () => control.abort();
	}, [key, turn]);
	return { value: state.value, error: state.error, busy: state.busy, again: useCallback(() => setTurn((n) => n + 1), []) };
}

/** Calls when the hub says that something changed, at most once in a while. */
export function useLive(again: () => void, kinds?: readonly string[], pause = 700) {
	const call = useRef(again);
	call.current = again;
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const end = listen((told) => {
			if (kinds && !kinds.includes(told.event)) return;
			timer ??= setTimeout(() => {
				timer = undefined;
				call.current();
			}, pause);
		});
		return () => {
			end();
			clearTimeout(timer);
		};
	}, []);
}

/** Shows what was loaded, that it is coming, or why it is not there. */
export function Load<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
	if (of.value !== undefined) return <>{children(of.value)}</>;
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
	/** Runs it once at a time; what it throws is kept and shown. @return whether it went well */
	send: (what: () => Promise<void>) => Promise<boolean>;
	clear: () => void;
}

export function useSend(): Sending {
	const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
	const busy = useRef(false);
	return {
		...state,
		clear: () => setState({ busy: false, error: null }),
		send: async (what) => {
			if (busy.current) return false;
			busy.current = true;
			setState({ busy: true, error: null });
			try {
				await what();
				setState({ busy: false, error: null });
				return true;
			} catch (error) {
				setState({ busy: false, error });
				return false;
			} finally {
				busy.current = false;
			}
		},
	};
}
