import Foundation

/// Standard output as the place of a reply: unlike `Console`, it notices when its reader has gone.
enum ReplyOutput {
    /// Writes all of a text.
    ///
    /// - Throws: ``ClosedOutput`` when its reader has gone, ``CommandFailure`` for any other reason.
    static func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EPIPE { throw ClosedOutput() }
            guard count > 0 else {
                throw CommandFailure("cannot write the reply: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// The reader of standard output has gone.
struct ClosedOutput: Error {
    /// Ends the process as every program of a pipeline ends whose reader has gone, without a word.
    func leave() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        // Only where the signal is blocked: what a shell makes of it.
        _exit(128 + SIGPIPE)
    }
}
