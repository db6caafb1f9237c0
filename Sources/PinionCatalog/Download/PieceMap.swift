import Foundation
import Synchronization

/// Which pieces of a file have arrived, kept beside the file so that an interrupted download goes on where it was.
///
/// The map is written after the piece it tells of. *Because* a killed process leaves what it wrote with the kernel,
/// *therefore* the map never claims more than there is; after a power cut it might, and the file's hash tells.
package final class PieceMap: Sendable {
    /// Bytes of a piece: what an interruption costs each connection at most.
    package static let pieceSize = 1 << 20
    /// Pieces that one request asks for at most, so that signed addresses rarely expire within one.
    static let maximumRun = 64
    /// Requests that each connection should still have before it, so that all end at about the same time.
    private static let runsLeft = 2

    private enum State: UInt8 {
        case missing = 0x30
        case taken = 0x31
        case done = 0x32
    }

    let size: Int
    private let descriptor: Int32
    /// Bytes of the line that says which file this is.
    private let headerSize: Int
    private let states: Mutex<[State]>

    /// Opens the map at `path`, or begins one where there is none for this very file.
    ///
    /// - Parameter identity: One line that tells the file and its version.
    /// - Throws: `unwritable`.
    package init(path: String, identity: String, size: Int) throws(CatalogError) {
        let count = (size + Self.pieceSize - 1) / Self.pieceSize
        let header = Array("\(identity)\n".utf8)
        let found = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
        let isSame = found.count == header.count + count && found.starts(with: header)
        let states: [State] =
            isSame
            ? found.dropFirst(header.count).map { $0 == State.done.rawValue ? .done : .missing }
            : [State](repeating: .missing, count: count)
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CatalogError.unwritable("write", path, errno: errno) }
        self.size = size
        self.descriptor = descriptor
        headerSize = header.count
        self.states = Mutex(states)
        let bytes = header + states.map(\.rawValue)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            let number = errno
            close(descriptor)
            throw CatalogError.unwritable("write", path, errno: number)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Bytes that have arrived.
    package var doneBytes: Int {
        states.withLock { states in
            states.indices.reduce(0) { $0 + (states[$1] == .done ? bytes(of: $1..<$1 + 1).count : 0) }
        }
    }

    /// Takes the next missing pieces, so that no other connection does; nil when none is missing.
    package func take(connections: Int) -> Range<Int>? {
        states.withLock { states in
            guard let first = states.firstIndex(of: .missing) else { return nil }
            let missing = states.count { $0 == .missing }
            let wanted = min(Self.maximumRun, max(1, missing / (connections * Self.runsLeft)))
            var end = first
            while end < states.count, end - first < wanted, states[end] == .missing {
                states[end] = .taken
                end += 1
            }
            return first..<end
        }
    }

    /// Takes everything, or nil when nothing is missing.
    func takeAll() -> Range<Int>? {
        states.withLock { states in
            guard states.contains(.missing) else { return nil }
            for piece in states.indices { states[piece] = .taken }
            return 0..<states.count
        }
    }

    package func finish(_ piece: Int) {
        states.withLock { states in
            states[piece] = .done
            // A lost mark only costs the piece again.
            _ = pwrite(descriptor, [State.done.rawValue], 1, off_t(headerSize + piece))
        }
    }

    /// Gives back what was taken and did not arrive.
    package func giveBack(_ pieces: Range<Int>) {
        states.withLock { states in
            for piece in pieces where states[piece] == .taken { states[piece] = .missing }
        }
    }

    /// Forgets all that has arrived.
    package func reset() {
        states.withLock { states in
            for piece in states.indices { states[piece] = .missing }
            let bytes = states.map(\.rawValue)
            _ = pwrite(descriptor, bytes, bytes.count, off_t(headerSize))
        }
    }

    /// The bytes of pieces that follow one another.
    package func bytes(of pieces: Range<Int>) -> Range<Int> {
        pieces.lowerBound * Self.pieceSize..<min(pieces.upperBound * Self.pieceSize, size)
    }
}
