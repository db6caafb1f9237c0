import Foundation
import Synchronization

/// The mode in which a terminal hands on each key, and the way back from it.
///
/// The terminal is given back as it was by ``leave()``, at `exit`, before a signal ends or stops the process, and before
/// a crash ends it: signal handlers of this type do it, with nothing but calls that POSIX allows there, and then let the
/// signal do what it does by default. `SIGKILL` and `SIGSTOP` alone cannot be seen coming; after the latter `SIGCONT`
/// takes the terminal again.
package enum TerminalMode {
    /// Which keys the program sees by themselves.
    package enum Kind: Sendable {
        /// All of them, unechoed.
        case keys
        /// Lines, which the terminal echoes and edits; Control-C ends a line like Enter.
        case lines
    }

    /// Signals that end the process.
    private static let ending = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]
    private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE]

    /// `_POSIX_VDISABLE`, which Swift does not import: no key has the function.
    #if canImport(Darwin)
        private static let noCharacter: cc_t = 0xFF
    #else
        private static let noCharacter: cc_t = 0
    #endif

    /// What signal handlers read.
    private struct Saved {
        var before = termios()
        var during = termios()
        /// The end of the pipe that wakes the reader of keys.
        var wake: Int32 = -1
        var asksForPaste = false
    }

    /// Sound without a lock: it is written before the handlers are installed and before ``isEntered`` is set, and only
    /// read after that. Allocated for good, so that a handler never meets memory that was given back.
    nonisolated(unsafe) private static let saved: UnsafeMutablePointer<Saved> = {
        let pointer = UnsafeMutablePointer<Saved>.allocate(capacity: 1)
        pointer.initialize(to: Saved())
        return pointer
    }()
    private static let isEntered = Atomic<Bool>(false)
    private static let pasteOn = Array("\u{1B}[?2004h".utf8)
    /// Also ends a style that was being written.
    private static let pasteOff = Array("\u{1B}[?2004l\u{1B}[0m".utf8)

    /// What the pipe says.
    enum Wake {
        static let resized: UInt8 = 1
        static let continued: UInt8 = 2
        static let closed: UInt8 = 3
    }

    /// Takes the terminal on standard input.
    ///
    /// - Parameters:
    ///   - asksForPaste: Whether the terminal is asked to mark what is pasted.
    ///   - wake: Where a byte of ``Wake`` is written at a change of size and after a stop.
    /// - Returns: Whether standard input is a terminal that could be taken.
    static func enter(_ kind: Kind, asksForPaste: Bool, wake: Int32) -> Bool {
        guard tcgetattr(STDIN_FILENO, &saved.pointee.before) == 0 else { return false }
        var during = saved.pointee.before
        switch kind {
        case .keys:
            during.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | IXON | ISTRIP)
            during.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
            setCharacters(&during) { characters in
                characters[Int(VMIN)] = 1
                characters[Int(VTIME)] = 0
            }
        case .lines:
            setCharacters(&during) { characters in
                characters[Int(VINTR)] = noCharacter
                characters[Int(VEOL)] = 3
            }
        }
        saved.pointee.during = during
        saved.pointee.wake = wake
        saved.pointee.asksForPaste = asksForPaste
        installHandlers()
        isEntered.store(true, ordering: .sequentiallyConsistent)
        apply()
        return true
    }

    /// Gives the terminal back as it was; harmless where it was not taken.
    package static func leave() {
        guard isEntered.exchange(false, ordering: .sequentiallyConsistent) else { return }
        giveBack()
    }

    /// Stops the process and all of its pipeline, as Control-Z does; returns when it goes on.
    package static func suspend() {
        // The handler gives the terminal back and takes it again.
        kill(0, SIGTSTP)
    }

    private static func setCharacters(_ settings: inout termios, _ change: (UnsafeMutableBufferPointer<cc_t>) -> Void) {
        withUnsafeMutableBytes(of: &settings.c_cc) { change($0.bindMemory(to: cc_t.self)) }
    }

    // MARK: - Signals

    private static func installHandlers() {
        atexit { TerminalMode.leave() }
        for number in ending + crashes { signal(number, end) }
        signal(SIGTSTP, stop)
        signal(SIGCONT, goOn)
        signal(SIGWINCH) { _ in TerminalMode.tell(Wake.resized) }
        // A write to a closed terminal is an error of that write.
        signal(SIGPIPE, SIG_IGN)
    }

    private static let end: @convention(c) (Int32) -> Void = { number in
        TerminalMode.leave()
        signal(number, SIG_DFL)
        raise(number)
        // A signal is blocked while its handler runs, and does what it does when this returns.
    }

    private static let stop: @convention(c) (Int32) -> Void = { number in
        let wasEntered = TerminalMode.isEntered.load(ordering: .sequentiallyConsistent)
        if wasEntered { TerminalMode.giveBack() }
        signal(number, SIG_DFL)
        var stopping = sigset_t()
        sigemptyset(&stopping)
        sigaddset(&stopping, number)
        raise(number)
        // The process stops here, and goes on from here: at once where the system discards the signal, as it does for
        // a process that no shell could bring back.
        pthread_sigmask(SIG_UNBLOCK, &stopping, nil)
        signal(number, TerminalMode.stop)
        guard wasEntered else { return }
        TerminalMode.apply()
        TerminalMode.tell(Wake.continued)
    }

    private static let goOn: @convention(c) (Int32) -> Void = { _ in
        guard TerminalMode.isEntered.load(ordering: .sequentiallyConsistent) else { return }
        TerminalMode.apply()
        TerminalMode.tell(Wake.continued)
    }

    private static func apply() {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved.pointee.during)
        if saved.pointee.asksForPaste { send(pasteOn) }
    }

    private static func giveBack() {
        if saved.pointee.asksForPaste { send(pasteOff) }
        tcsetattr(STDIN_FILENO, TCSANOW, &saved.pointee.before)
    }

    private static func send(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    private static func tell(_ what: UInt8) {
        var what = what
        _ = write(saved.pointee.wake, &what, 1)
    }
}
