// Work on the page in slices: a job is called again, frame by frame, until it says that it is done. Long replies and long
// conversations never hold up a key stroke.

// Milliseconds of a frame that jobs may take together.
const BUDGET = 8;
const jobs = new Set();
const after = new Set();
let isScheduled = false;

/// Calls `job(deadline)` in each frame until it returns true. A job that is queued already stays where it is.
export function inFrames(job) {
	jobs.add(job);
	schedule();
}

export function cancelJob(job) {
	jobs.delete(job);
}

/// Calls a function after the jobs of each frame that had some.
export function afterFrames(call) {
	after.add(call);
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
	for (const call of after) call();
	if (jobs.size) schedule();
}
