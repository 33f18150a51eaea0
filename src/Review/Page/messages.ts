// Short messages at the bottom of the page, read aloud by screen readers.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { Part } from "./part.js";

interface Message {
    id: number;
    text: string;
    kind: "info" | "error";
    action?: { label: string; run: () => void };
}

const shownFor = 6000; // ms; errors stay until they are closed

@customElement("page-messages")
export class PageMessages extends Part {
    @state() private messages: Message[] = [];
    @state() private aloud = "";
    private last = 0;

    show(text: string, kind: Message["kind"], action?: Message["action"]) {
        const message = { id: ++this.last, text, kind, action };
        const others = this.messages.filter((other) => other.text !== text);
        const infos = others.filter((other) => other.kind === "info").slice(-2);
        this.messages = [...others.filter((other) => other.kind === "error" || infos.includes(other)), message];
        if (kind === "info") setTimeout(() => this.close(message.id), shownFor);
    }

    announce(text: string) {
        this.aloud = text;
    }

    override render() {
        return html`
            <div class="sr" role="status" aria-live="polite">${this.aloud}</div>
            <div class="messages" role="region" aria-label="Messages" aria-live="polite">
                ${repeat(
                    this.messages,
                    (message) => message.id,
                    (message) => html`<div class="message ${message.kind}">
                        <span>${message.text}</span>
                        ${message.action
                            ? html`<button type="button" @click=${() => (this.close(message.id), message.action!.run())}>
                                  ${message.action.label}
                              </button>`
                            : nothing}
                        <button type="button" class="icon" aria-label="Close message" @click=${() => this.close(message.id)}>✕</button>
                    </div>`,
                )}
            </div>
        `;
    }

    private close(id: number) {
        this.messages = this.messages.filter((message) => message.id !== id);
    }
}

const element = () => document.querySelector<PageMessages>("page-messages");

export const say = (text: string, action?: Message["action"]) => element()?.show(text, "info", action);

export const complain = (text: string, action?: Message["action"]) => element()?.show(text, "error", action);

/** Says it to screen readers only. */
export const announce = (text: string) => element()?.announce(text);
