import { html } from "lit";
import { customElement, query } from "lit/decorators.js";
import { activeKeys, singleKeys } from "./keys.js";
import { Part } from "./part.js";

const shown: Record<string, string> = {
    ...{ ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" },
    ...{ " ": "Space", Escape: "Esc" },
};

function name(key: string) {
    return key
        .split(/(?<=.)\+/)
        .map((part) => shown[part] ?? (part.length === 1 ? part.toUpperCase() : part))
        .join(" + ");
}

/** All keys of the view that is shown. */
@customElement("help-dialog")
export class HelpDialog extends Part {
    @query("dialog") private readonly dialog!: HTMLDialogElement;

    open() {
        this.requestUpdate();
        this.dialog.showModal();
    }

    override render() {
        return html`<dialog aria-labelledby="help-title" @keydown=${this.key}>
            <form method="dialog">
                <h2 id="help-title">Keys</h2>
                <dl class="keys">
                    ${activeKeys().map(
                        (key) => html`<div>
                            <dt>${key.keys.map((each) => html`<kbd>${name(each)}</kbd> `)}</dt>
                            <dd>${key.what}</dd>
                        </div>`,
                    )}
                </dl>
                <label class="check">
                    <input
                        type="checkbox"
                        .checked=${singleKeys.on}
                        @change=${(event: Event) => (singleKeys.on = (event.target as HTMLInputElement).checked)}
                    />
                    Keys without Ctrl, such as 1 and J, are active
                </label>
                <div class="buttons"><button class="primary" autofocus>Close</button></div>
            </form>
        </dialog>`;
    }

    private key(event: KeyboardEvent) {
        if (event.key !== "?") return;
        event.stopPropagation();
        this.dialog.close();
    }
}

declare global {
    interface HTMLElementTagNameMap {
        "help-dialog": HelpDialog;
    }
}
