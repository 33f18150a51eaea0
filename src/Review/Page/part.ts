import { LitElement } from "lit";

/** A custom element without shadow tree: one style sheet, and labels may point anywhere in the page. */
export class Part extends LitElement {
    private readonly cleanups: (() => void)[] = [];

    protected override createRenderRoot() {
        return this;
    }

    /** Listens while the element is in the page. Call it in connectedCallback. */
    protected listen(target: EventTarget, type: string, handler: (event: Event) => void, options?: AddEventListenerOptions) {
        target.addEventListener(type, handler, options);
        this.cleanups.push(() => target.removeEventListener(type, handler, options));
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        for (const cleanup of this.cleanups.splice(0)) cleanup();
    }
}
