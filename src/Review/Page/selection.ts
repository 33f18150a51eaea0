// The cards that are selected, by blob.
import { mostAtOnce } from "./decisions.js";
import { store } from "./store.js";

const placeOf = (blob: string | undefined) => store.rows.findIndex((row) => row.blob === blob);

export class Selection {
    blobs: ReadonlySet<string> = new Set();
    private anchor?: string; // where a range begins

    /** @param changed Called when other cards are selected. */
    constructor(private readonly changed: () => void) {}

    get rows() {
        return store.rows.filter((row) => this.blobs.has(row.blob));
    }

    clear() {
        this.set([]);
        this.anchor = undefined;
    }

    toggle(blob: string) {
        const blobs = new Set(this.blobs);
        if (!blobs.delete(blob)) blobs.add(blob);
        this.anchor = blob;
        this.set(blobs);
    }

    /** Selects all cards from where the last selection began, or from a card, to another. */
    extend(to: string, from = to) {
        this.anchor ??= from;
        const [a, b] = [Math.max(0, placeOf(this.anchor)), placeOf(to)];
        const range = store.rows.slice(Math.min(a, b), Math.max(a, b) + 1).map((row) => row.blob);
        this.set([...this.blobs, ...range]);
    }

    /** Selects the newest cards, as many as can be decided at once. */
    all() {
        this.set(store.rows.map((row) => row.blob));
    }

    private set(blobs: Iterable<string>) {
        this.blobs = new Set([...blobs].slice(0, mostAtOnce));
        this.changed();
    }
}
