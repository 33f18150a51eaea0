// People's decisions: shown at once, sent in order, sent again with the same ids when no answer came, put back when refused.
import { ApiError, write } from "./api.js";
import { count, decisions as words, many } from "./format.js";
import { complain, say } from "./messages.js";
import { store, versionOf } from "./store.js";
import type { Decision, Polygon, Review, Row } from "./types.js";

/** The most decisions that one request may hold. */
export const mostAtOnce = 1000;

const deepest = 50; // steps that can be undone
const pauses = [500, 1000, 2000, 4000]; // ms before the same request is sent again

interface Step {
    row: Row;
    before?: Review;
    after: Review;
}

/** What a person added to a verdict; what is left out stays as it was. */
export interface Addition {
    note?: string;
    regions?: Polygon[];
}

class Decisions extends EventTarget {
    who = "";
    private readonly undoable: Step[][] = [];
    private readonly confirmed = new Map<string, Review | undefined>(); // what the server had when the first of several was made
    private queue: Promise<void> = Promise.resolve();

    /** Decides on the image versions of the rows, at most 1,000. */
    decide(rows: Row[], verdict: Decision, addition: Addition = {}) {
        const steps = [...new Map(rows.map((row) => [versionOf(row), row])).values()].map((row) => this.step(row, verdict, addition));
        if (steps.length === 0) return;
        if (steps.length > mostAtOnce) {
            complain(`${count(steps.length)} images are selected. Decide for at most ${count(mostAtOnce)} at once.`);
            return;
        }
        this.undoable.push(steps);
        if (this.undoable.length > deepest) this.undoable.shift();
        if (steps.length > 1) say(`${many(steps.length, "image")}: ${words[verdict].word}`, { label: "Undo", run: () => this.undo() });
        this.post(steps);
    }

    get canUndo() {
        return this.undoable.length > 0;
    }

    /** Gives the images of the last decision the verdict of before; returns the first of them. */
    undo(): Row | undefined {
        const all = this.undoable.pop();
        if (!all) {
            say("There is nothing to undo.");
            return undefined;
        }
        // What somebody else has decided since stays.
        const steps = all.filter(({ row, after }) => {
            const version = versionOf(row);
            return (store.rows.find((other) => versionOf(other) === version) ?? row).review?.id === after.id;
        });
        if (steps.length === 0) {
            say("Somebody else has decided since then: nothing is undone.");
            return all[0]!.row;
        }
        this.post(
            steps.map(({ row, before }) =>
                this.step(row, before?.verdict ?? "none", { note: before?.note ?? "", regions: before?.regions ?? [] }),
            ),
        );
        say(`Undone: ${steps.length === 1 ? steps[0]!.row.image : many(steps.length, "decision")}`);
        return steps[0]!.row;
    }

    private step(row: Row, verdict: Decision, addition: Addition): Step {
        const before = row.review;
        const note = addition.note ?? before?.note;
        const regions = addition.regions ?? before?.regions;
        const { camera, image, etag, cursor, model, threshold, score } = row;
        const after: Review = {
            id: crypto.randomUUID(),
            ...{ camera, image, etag, cursor, verdict, model, threshold, score, who: this.who, at: new Date().toISOString() },
            ...(note ? { note } : {}),
            ...(regions?.length ? { regions } : {}),
        };
        return { row, before, after };
    }

    private post(steps: Step[]) {
        for (const { row, after } of steps) {
            const version = versionOf(row);
            if (!store.unsaved.has(version)) this.confirmed.set(version, row.review);
            store.unsaved.set(version, after);
        }
        this.show(steps, ({ after }) => after);
        this.queue = this.queue.then(() => this.send(steps));
    }

    private async send(steps: Step[]) {
        const decisions = steps.map(({ after: { who: _, at: __, ...decision } }) => decision);
        for (let attempt = 0; ; attempt++) {
            try {
                const { reviews } = await write<{ reviews: Review[] }>("POST", "reviews", { decisions });
                const saved = new Map(reviews.map((review) => [review.id, review]));
                for (const { row, after } of steps) this.confirmed.set(versionOf(row), saved.get(after.id) ?? after);
                this.settle(steps, ({ after }) => saved.get(after.id) ?? after);
                this.dispatchEvent(new Event("saved"));
                return;
            } catch (error) {
                const pause = pauses[attempt];
                if (pause && error instanceof ApiError && error.transient) {
                    await new Promise((resolve) => setTimeout(resolve, pause));
                    continue;
                }
                this.refuse(steps, error as Error);
                return;
            }
        }
    }

    private refuse(steps: Step[], error: Error) {
        const at = this.undoable.indexOf(steps);
        if (at >= 0) this.undoable.splice(at, 1);
        this.settle(steps, ({ row }) => this.confirmed.get(versionOf(row)));
        const what = steps.length === 1 ? `The decision on ${steps[0]!.row.image} was` : `${many(steps.length, "decision")} were`;
        complain(`${what} not saved and put back: ${error.message}`, { label: "Try again", run: () => this.post(steps) });
    }

    // A decision that a newer one has replaced in the meantime stays replaced.
    private settle(steps: Step[], review: (step: Step) => Review | undefined) {
        const latest = steps.filter(({ row, after }) => store.unsaved.get(versionOf(row)) === after);
        const shown = new Map(latest.map((step) => [step, review(step)]));
        for (const { row } of latest) {
            store.unsaved.delete(versionOf(row));
            this.confirmed.delete(versionOf(row));
        }
        this.show(latest, (step) => shown.get(step));
    }

    private show(steps: Step[], review: (step: Step) => Review | undefined) {
        for (const step of steps) step.row.review = review(step);
        store.decide(new Map(steps.map((step) => [versionOf(step.row), review(step)])));
        this.dispatchEvent(new Event("change"));
    }
}

export const decisions = new Decisions();

addEventListener("beforeunload", (event) => {
    if (store.unsaved.size > 0) event.preventDefault();
});
