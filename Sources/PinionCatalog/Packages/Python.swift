import Foundation

/// The machine's `python3`, which brings pip and a zip reader.
struct Python: Sendable {
    /// Bytes kept of what a child said on its standard error.
    private static let maximumLog = 64 << 10

    /// Begins the names of this program's own settings, among them `PINION_API_KEY`.
    private static let ownVariables = "PINION_"

    let executable: String
    /// What children inherit: the caller's variables without this program's own, which are secret or mean nothing to them.
    let environment: [String: String]

    /// - Throws: `pythonMissing`.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(CatalogError) {
        let directories = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        guard let found = directories.map({ String($0) + "/python3" }).first(where: { access($0, X_OK) == 0 }) else {
            throw CatalogError(
                .pythonMissing,
                "fetching a model needs python3 with pip, and there is no python3 on the PATH; "
                    + "install it, or give a model file with --model PATH")
        }
        executable = found
        self.environment = environment.filter { !$0.key.utf8.starts(with: Self.ownVariables.utf8) }
    }

    struct Outcome {
        let status: Int32
        /// Standard error, its last part where it was long.
        let errors: String
    }

    /// Runs python and waits for it; cancelling the task ends the child.
    ///
    /// Standard error goes to a file in `scratch` rather than through a pipe, so nothing has to drain it.
    ///
    /// - Parameter output: Where standard output goes.
    func run(_ arguments: [String], output: FileHandle, scratch: String) async throws(CatalogError) -> Outcome {
        let log = scratch + "/stderr"
        let descriptor = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CatalogError.unwritable("write", log, errno: errno) }
        let errors = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // Not the caller's directory, from which `python3 -m` would import whatever is called pip there.
        process.currentDirectoryURL = URL(fileURLWithPath: scratch, isDirectory: true)
        // What python leaves behind when it is killed then goes away with the scratch directory.
        process.environment = environment.merging(["TMPDIR": scratch]) { _, ours in ours }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        do {
            try await Self.wait(for: process)
        } catch {
            throw CatalogError(.pythonMissing, "cannot run \(executable): \(error.localizedDescription)")
        }
        if Task.isCancelled { throw CatalogError(.cancelled, "interrupted") }
        return Outcome(status: process.terminationStatus, errors: Self.tail(of: errors))
    }

    private static func wait(for process: Process) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                process.terminationHandler = { _ in continuation.resume() }
                do {
                    try process.run()
                } catch {
                    process.terminationHandler = nil
                    continuation.resume(throwing: error)
                    return
                }
                if Task.isCancelled { end(process) }
            }
        } onCancel: {
            if process.isRunning { end(process) }
        }
    }

    /// Ends the child and what it started: `python3` may be a script that runs the real one as a child of its own.
    ///
    /// By SIGKILL, because a child inherits the signal mask of the thread that made it, and Dispatch's threads block
    /// the others. What it leaves behind goes away with the scratch directory.
    private static func end(_ process: Process) {
        let pid = process.processIdentifier
        guard pid > 0 else { return }
        kill(getpgid(pid) == pid ? -pid : pid, SIGKILL)
    }

    private static func tail(of log: FileHandle) -> String {
        guard let end = try? log.seekToEnd() else { return "" }
        try? log.seek(toOffset: end > UInt64(maximumLog) ? end - UInt64(maximumLog) : 0)
        let bytes = (try? log.readToEnd()) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }
}
