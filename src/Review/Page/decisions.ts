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
        const steps = this.undoable.pop();
        if (!steps) {
            say("There is nothing to undo.");
            return undefined;
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
        for (const { row, after } of steps) store.unsaved.set(versionOf(row), after);
        this.show(steps, ({ after }) => after);
        this.queue = this.queue.then(() => this.send(steps));
    }

    private async send(steps: Step[]) {
        const decisions = steps.map(({ after: { who: _, at: __, ...decision } }) => decision);
        for (let attempt = 0; ; attempt++) {
            try {
                const { reviews } = await write<{ reviews: Review[] }>("POST", "reviews", { decisions });
                const saved = new Map(reviews.map((review) => [review.id, review]));
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
        this.settle(steps, ({ before }) => before);
        const what = steps.length === 1 ? `The decision on ${steps[0]!.row.image} was` : `${many(steps.length, "decision")} were`;
        complain(`${what} not saved and put back: ${error.message}`, { label: "Try again", run: () => this.post(steps) });
    }

    // A decision that a newer one has replaced in the meantime stays replaced.
    private settle(steps: Step[], review: (step: Step) => Review | undefined) {
        const latest = steps.filter(({ row, after }) => store.unsaved.get(versionOf(row)) === after);
        for (const { row } of latest) store.unsaved.delete(versionOf(row));
        this.show(latest, review);
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
