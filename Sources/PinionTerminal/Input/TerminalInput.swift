import Foundation
import Synchronization

/// Reads a terminal's keys on a thread of its own, and hears of its size and of stops.
package final class TerminalInput: Sendable {
    package enum Event: Sendable, Equatable {
        case bytes([UInt8])
        /// Nothing followed the last bytes for ``quietMilliseconds``.
        case quiet
        case resized
        /// The process was stopped, and the screen may hold anything.
        case continued
        /// The terminal is gone.
        case ended
    }

    /// Time after which an escape is a key by itself: sequences arrive at once, also over slow lines.
    private static let quietMilliseconds: Int32 = 40
    private static let pieceSize = 4_096

    private let wakes: (read: Int32, write: Int32)

    /// Takes the terminal and begins to read it; nil when standard input is none.
    ///
    /// - Parameter handler: Told each event, on the reading thread.
    package init?(
        _ kind: TerminalMode.Kind, asksForPaste: Bool, handler: @escaping @Sendable (Event) -> Void
    ) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        wakes = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A handler must never wait for the reader.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        guard TerminalMode.enter(kind, asksForPaste: asksForPaste, wake: ends[1]) else {
            close(ends[0])
            close(ends[1])
            return nil
        }
        let wake = ends[0]
        let thread = Thread { Self.read(wake: wake, handler) }
        thread.name = "pinion.terminal"
        thread.start()
    }

    /// Gives the terminal back and ends the thread.
    package func close() {
        TerminalMode.leave()
        var what = TerminalMode.Wake.closed
        _ = write(wakes.write, &what, 1)
        // The descriptors stay open: a signal that is being handled may still write to them.
    }

    private func close(_ descriptor: Int32) {
        Foundation.close(descriptor)
    }

    private static func read(wake: Int32, _ handler: (Event) -> Void) {
        var piece = [UInt8](repeating: 0, count: pieceSize)
        var awaitsMore = false
        while true {
            var sources = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&sources, 2, awaitsMore ? quietMilliseconds : -1)
            if ready < 0, errno == EINTR { continue }
            guard ready >= 0 else { return handler(.ended) }
            if ready == 0 {
                awaitsMore = false
                handler(.quiet)
                continue
            }
            if sources[1].revents != 0 {
                var what: UInt8 = 0
                while Foundation.read(wake, &what, 1) == 1 {
                    switch what {
                    case TerminalMode.Wake.resized: handler(.resized)
                    case TerminalMode.Wake.continued: handler(.continued)
                    default: return
                    }
                }
            }
            guard sources[0].revents != 0 else { continue }
            let count = Foundation.read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return handler(.ended) }
            awaitsMore = true
            handler(.bytes(Array(piece[..<count])))
        }
    }
}
