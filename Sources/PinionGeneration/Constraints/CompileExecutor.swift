import Dispatch

/// Runs compilations one after another on a thread of their own, off the cooperative pool, whose few threads have streams
/// to serve.
///
/// A task's executor and no bare queue, because a compilation asks its task whether it was cancelled.
final class CompileExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "pinion.grammar", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
