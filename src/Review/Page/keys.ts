// Keys of the view that is shown. The help dialog lists them.
import type { ReactiveController, ReactiveControllerHost } from "lit";

export interface Key {
    /** Names as in KeyboardEvent.key; letters in lower case; "Shift+" and "Ctrl+" in front. */
    keys: string[];
    what: string;
    run: (event: KeyboardEvent) => void;
}

const active: Key[][] = [];
const setting = "review.single-keys";

/** Whether keys without Ctrl, such as 1 and J, do something; off for people whose speech input types letters (WCAG 2.1.4). */
export const singleKeys = {
    get on() {
        return localStorage.getItem(setting) !== "off";
    },
    set on(value: boolean) {
        localStorage.setItem(setting, value ? "on" : "off");
    },
};

export const activeKeys = () => active.flat();

/** Makes keys work while the element is in the page. */
export class Keys implements ReactiveController {
    constructor(
        host: ReactiveControllerHost,
        private readonly keys: Key[],
    ) {
        host.addController(this);
    }

    hostConnected() {
        active.push(this.keys);
    }

    hostDisconnected() {
        active.splice(active.indexOf(this.keys), 1);
    }
}

/** The key's name, the same on every keyboard layout: digits and letters by their place where the layout has none. */
export function nameOf(event: KeyboardEvent) {
    let key = event.key;
    if (/^Digit\d$/.test(event.code) && !event.shiftKey) key = event.code.slice(5);
    else if (/^Key[A-Z]$/.test(event.code) && !/^[ -~]$/.test(key)) key = event.code.slice(3);
    const letter = /^[A-Za-z]$/.test(key);
    if (letter) key = key.toLowerCase();
    const shift = event.shiftKey && (letter || key.length > 1) ? "Shift+" : "";
    return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + shift + key;
}

const moves = /^(Shift\+)?(Arrow.*|Home|End|PageUp|PageDown| |Enter)$/;

// Whether the focused control needs the key itself.
function taken(target: EventTarget | null, name: string) {
    if (!(target instanceof HTMLElement)) return false;
    if (target.isContentEditable || target.matches("textarea, select")) return true;
    if (target.closest("[data-own-keys]") && moves.test(name)) return true;
    if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type) || moves.test(name);
    return (name === "Enter" && target.matches("button, summary, a")) || (name === " " && target.matches("button, summary"));
}

document.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (event.defaultPrevented || event.isComposing || event.altKey || taken(event.target, name)) return;
    if (document.querySelector("dialog[open]")) return;
    if (!singleKeys.on && name.length === 1) return;
    const found = activeKeys().find((key) => key.keys.includes(name));
    if (!found) return;
    event.preventDefault();
    found.run(event);
});
