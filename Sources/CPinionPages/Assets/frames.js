// Work on the page in slices, frame by frame, so that long texts never hold up a key stroke.

// Milliseconds of a frame that jobs may take together.
const BUDGET = 5;
const jobs = new Set();
let isScheduled = false;

// Calls `job(deadline)` in each frame until it returns true. A job that is queued already stays where it is.
export function inFrames(job) {
	jobs.add(job);
	schedule();
}

export function cancelJob(job) {
	jobs.delete(job);
}

function schedule() {
	if (isScheduled) return;
	isScheduled = true;
	requestAnimationFrame(run);
}

function run() {
	isScheduled = false;
	const deadline = performance.now() + BUDGET;
	for (const job of [...jobs]) {
		if (job(deadline)) jobs.delete(job);
		if (performance.now() >= deadline) break;
	}
	if (jobs.size) schedule();
}
